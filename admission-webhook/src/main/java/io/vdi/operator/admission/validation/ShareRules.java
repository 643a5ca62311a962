package io.vdi.operator.admission.validation;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.vdi.operator.common.identity.EmailAddress;
import io.vdi.operator.common.identity.IdentityMapping;
import io.vdi.operator.common.model.LinkCode;
import io.vdi.operator.common.model.Share;
import io.vdi.operator.common.model.ShareRole;
import io.vdi.operator.common.model.VdiTemplate;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;

/** The rules for the guests of a session; docs/specification.md, section 1. */
final class ShareRules {
  static final String FIELD = "shares";
  private static final String USER = "user";
  private static final String ROLE = "role";
  private static final String UNTIL = "until";
  private static final String EMAIL =
      "must be the e-mail address of the guest, such as bob@example.com";

  private ShareRules() {}

  /** The rules that need the session alone. */
  static void check(FieldValidator spec) {
    JsonArray shares = spec.list(FIELD).orElseGet(JsonArray::new);
    if (shares.size() > Share.MAX_SHARES) {
      spec.report(
          FIELD,
          shares,
          "must have at most %d items: end a share that is not needed any more"
              .formatted(Share.MAX_SHARES));
      return;
    }
    List<String> users = new ArrayList<>();
    for (int i = 0; i < shares.size(); i++) {
      if (shares.get(i) instanceof JsonObject share) {
        check(spec, spec.item(FIELD, i, share), users);
      } else {
        spec.report(
            FIELD + "[" + i + "]",
            shares.get(i),
            "must be an object with user, and role, until, or both");
      }
    }
  }

  private static void check(FieldValidator spec, FieldValidator share, List<String> users) {
    share.require(USER, EMAIL);
    share
        .string(USER, ShareRules::isGuest, EMAIL)
        .ifPresent(user -> {
          if (spec.text(USER).filter(owner -> IdentityMapping.isSame(owner, user)).isPresent()) {
            share.report(
                USER,
                new JsonPrimitive(user),
                "must not be the owner, who has the desktop anyway: remove this item");
          }
          if (users.stream().anyMatch(other -> IdentityMapping.isSame(other, user))) {
            share.report(
                USER, new JsonPrimitive(user), "must occur once: merge the items of this user");
          }
          if (LinkCode.isReserved(user)) {
            checkLink(share, user);
          }
          users.add(user);
        });
    share.oneOf(ROLE, ShareRole.values(), ShareRole::text);
    share.string(
        UNTIL,
        ScheduleRules::isInstant,
        "must be a time with its offset from UTC, such as 2026-11-26T20:00:00Z");
  }

  private static boolean isGuest(String user) {
    return EmailAddress.isValid(user) || LinkCode.isReserved(user);
  }

  /** An e-mail address that could be taken for a link is none of a guest. */
  private static void checkLink(FieldValidator share, String user) {
    if (!LinkCode.isUser(user)) {
      share.report(
          USER,
          new JsonPrimitive(ShortText.of(user)),
          "must not begin with link: unless the SHA-256 of a link follows, 43 characters of base64url:"
              + " make the link in the portal, or give an e-mail address");
      return;
    }
    if (share.text(ROLE).filter(role -> !role.equals(ShareRole.VIEW.text())).isPresent()) {
      share.report(
          ROLE,
          new JsonPrimitive(share.text(ROLE).orElse("")),
          "must be view for a link: share with the e-mail address of a guest who controls");
    }
    share.require(UNTIL, "a link must end, at most 24h from now");
  }

  /**
   * The rules for what a request adds or changes. A share that has ended can stay.
   *
   * @param old before the request; empty for a new session
   * @param template empty if it does not exist
   */
  static List<String> violations(
      RawObject session, Optional<RawObject> old, Optional<VdiTemplate> template, Instant now) {
    List<String> violations = new ArrayList<>();
    added(session, old)
        .forEach((index, share) ->
            until(share)
                .filter(until -> !until.isAfter(now))
                .ifPresent(until ->
                    violations.add(
                        "spec.shares[%d].until \"%s\": must be in the future: give a later time, or remove the item to end the share"
                            .formatted(index, until))));
    added(session, old)
        .forEach((index, share) ->
            until(share)
                .filter(until -> isLink(share) && Share.isTooLongForLink(until, now))
                .ifPresent(until ->
                    violations.add(
                        "spec.shares[%d].until \"%s\": must be at most 24h from now for a link: give an earlier time, and make a new link when it has ended"
                            .formatted(index, until))));
    template
        .filter(found -> !found.spec().server().canShare())
        .filter(found -> !added(session, old).isEmpty())
        .ifPresent(found ->
            violations.add(
                "spec.shares: VDITemplate \"%s\" has the flavor %s, and only desktops of flavor selkies can be shared: use a template of that flavor, or remove shares"
                    .formatted(found.name(), found.spec().flavor().text())));
    return violations;
  }

  /** What the owner must know about what a request adds or changes. */
  static List<String> warnings(RawObject session, Optional<RawObject> old) {
    List<String> warnings = new ArrayList<>();
    added(session, old)
        .forEach((index, share) -> {
          if (isLink(share)) {
            warnings.add(
                "spec.shares[%d] is a link: until %s, everybody who has it watches this desktop without an account, if gate.desktops.links allows it"
                    .formatted(index, text(share, UNTIL).orElse("")));
          }
          if (text(share, ROLE).equals(Optional.of(ShareRole.CONTROL.text()))) {
            warnings.add(
                "spec.shares[%d].role control: %s acts with the owner's logins and files; with view a guest only watches"
                    .formatted(index, ShortText.of(text(share, USER).orElse(""))));
          }
        });
    return warnings;
  }

  /** Whether the spec changes, and only by the end of shares. No rule may prevent that. */
  static boolean onlyEnds(RawObject session, RawObject old) {
    return !session.spec().equals(old.spec())
        && rest(session).equals(rest(old))
        && added(session, Optional.of(old)).isEmpty();
  }

  private static JsonObject rest(RawObject session) {
    JsonObject rest = session.spec().deepCopy();
    rest.remove(FIELD);
    return rest;
  }

  /** The shares that the session did not have before, by their place in the list. */
  private static SequencedMap<Integer, JsonObject> added(
      RawObject session, Optional<RawObject> old) {
    Set<JsonObject> before = new HashSet<>();
    old.ifPresent(found -> shares(found).values().forEach(before::add));
    SequencedMap<Integer, JsonObject> added = shares(session);
    added.values().removeIf(before::contains);
    return added;
  }

  private static SequencedMap<Integer, JsonObject> shares(RawObject session) {
    SequencedMap<Integer, JsonObject> shares = new LinkedHashMap<>();
    JsonArray list = session.spec().get(FIELD) instanceof JsonArray a ? a : new JsonArray();
    // More are refused anyway.
    for (int i = 0; i < Math.min(list.size(), Share.MAX_SHARES + 1); i++) {
      if (list.get(i) instanceof JsonObject share) {
        shares.put(i, normal(share));
      }
    }
    return shares;
  }

  /**
   * In the form in which equal shares are equal: the mutating webhook adds the role, and clients
   * write the same time in several ways.
   */
  private static JsonObject normal(JsonObject share) {
    JsonObject normal = share.deepCopy();
    JsonElement role = share.get(ROLE);
    if (role == null || role.isJsonNull()) {
      normal.addProperty(ROLE, ShareRole.VIEW.text());
    }
    until(share).ifPresent(time -> normal.addProperty(UNTIL, time.toString()));
    return normal;
  }

  private static boolean isLink(JsonObject share) {
    return text(share, USER).filter(LinkCode::isUser).isPresent();
  }

  private static Optional<Instant> until(JsonObject share) {
    return text(share, UNTIL)
        .filter(ScheduleRules::isInstant)
        .map(until -> DateTimeFormatter.ISO_OFFSET_DATE_TIME.parse(until, Instant::from));
  }

  private static Optional<String> text(JsonObject share, String field) {
    return share.get(field) instanceof JsonPrimitive p && p.isString()
        ? Optional.of(p.getAsString())
        : Optional.empty();
  }
}
