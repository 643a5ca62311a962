package io.vdi.operator.common.model;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vdi.operator.common.identity.IdentityMapping;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One guest of a session, an item of {@code spec.shares}; docs/specification.md, section 1.
 *
 * @param user the e-mail address of the guest, or {@link LinkCode#user} for a link without an
 *     account
 * @param role {@link ShareRole#VIEW} if it is not set
 * @param until when the share ends; null: it does not end by itself
 */
public record Share(String user, ShareRole role, Instant until) {
  /** The most shares of a session, as in the schema. */
  public static final int MAX_SHARES = 20;

  /** How long a link without an account is valid at most. */
  public static final Duration MAX_LINK = Duration.ofHours(24);

  /** The clock of a client that makes a link is that much ahead at most. */
  public static final Duration LINK_SKEW = Duration.ofMinutes(1);

  public Share {
    user = user == null ? "" : user;
    role = role == null ? ShareRole.VIEW : role;
  }

  /** When the share ends; empty: it does not end by itself. */
  public Optional<Instant> end() {
    return Optional.ofNullable(until);
  }

  public boolean isActive(Instant now) {
    return until == null || now.isBefore(until);
  }

  /** Whether it is for everybody who has a link. */
  public boolean isLink() {
    return LinkCode.isUser(user);
  }

  /** Whether it ends later than a link may that is made now. */
  public static boolean isTooLongForLink(Instant until, Instant now) {
    return until.isAfter(now.plus(MAX_LINK).plus(LINK_SKEW));
  }

  /**
   * Whether it lets in who has this link. When the share was made is not known; one that is valid
   * for longer than a link may be was written without the webhook, and lets nobody in. It takes the
   * same time for every link.
   *
   * @param linkUser {@link LinkCode#user} of the link
   */
  public boolean admits(String linkUser, Instant now) {
    return isLink()
        && role == ShareRole.VIEW
        && until != null
        && isActive(now)
        && !isTooLongForLink(until, now)
        && MessageDigest.isEqual(
            user.getBytes(StandardCharsets.UTF_8), linkUser.getBytes(StandardCharsets.UTF_8));
  }

  /** Whether it is a share for this user. */
  public boolean isFor(String email) {
    return IdentityMapping.isSame(user, email);
  }

  /** The share of a user that is active; empty if there is none. */
  public static Optional<Share> find(List<Share> shares, String email, Instant now) {
    return shares.stream().filter(share -> share.isFor(email) && share.isActive(now)).findFirst();
  }

  /** The shares with this one, which replaces an earlier one for the same user. */
  public static List<Share> with(List<Share> shares, Share share) {
    List<Share> result = new ArrayList<>(without(shares, share.user()));
    result.add(share);
    return List.copyOf(result);
  }

  /** As {@code spec.shares} has them. */
  public static JsonArray toJson(List<Share> shares) {
    JsonArray list = new JsonArray();
    for (Share share : shares) {
      JsonObject json = new JsonObject();
      json.addProperty("user", share.user());
      json.addProperty("role", share.role().text());
      share.end().ifPresent(time -> json.addProperty("until", time.toString()));
      list.add(json);
    }
    return list;
  }

  /** The shares without that of a user. */
  public static List<Share> without(List<Share> shares, String email) {
    return shares.stream().filter(share -> !share.isFor(email)).toList();
  }
}
