package io.vdi.operator.gate.revocation;

import io.vdi.operator.common.model.Hashes;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The revocations in effect, as the data of a ConfigMap. Ids are stored as hashes: they are not
 * secret, but a ConfigMap has fewer characters and more readers. An entry is needed until the last
 * token that it covers has expired.
 *
 * @param data {@code <kind>.<hash>} to {@code <needed until>} or {@code <needed until> <up to>}
 */
public record Revocations(Map<String, String> data) {
  /** None. */
  public static final Revocations NONE = new Revocations(Map.of());

  /** About 100 bytes each; a ConfigMap holds 1 MiB. */
  static final int MAX_ENTRIES = 8000;

  private static final int HASH_LENGTH = 40;

  public Revocations {
    data = Map.copyOf(data);
  }

  /**
   * With one more, and without those that are no longer needed.
   *
   * @param until when the last token that it covers expires
   * @return empty if there is no room
   */
  public Optional<Revocations> with(Revocation revocation, Instant until, Instant now) {
    Map<String, String> next = new HashMap<>();
    data.forEach((key, value) -> {
      if (time(value, 0).filter(now::isBefore).isPresent()) {
        next.put(key, value);
      }
    });
    next.put(
        key(revocation),
        switch (revocation) {
          case Revocation.OfSubject(String subject, Instant upTo) -> until + " " + upTo;
          case Revocation.OfSignIn of -> until.toString();
          case Revocation.OfProviderSession of -> until.toString();
        });
    return next.size() > MAX_ENTRIES ? Optional.empty() : Optional.of(new Revocations(next));
  }

  /** Whether the sign-in of this holder has ended. An entry that cannot be read ends it, too. */
  public boolean cover(Holder holder) {
    return data.containsKey(key(new Revocation.OfSignIn(holder.signInId())))
        || holder
            .providerSession()
            .filter(id -> data.containsKey(key(new Revocation.OfProviderSession(id))))
            .isPresent()
        || Optional.ofNullable(
                data.get(key(new Revocation.OfSubject(holder.subject(), Instant.EPOCH))))
            .filter(
                value -> time(value, 1).filter(upTo -> holder.signedInAt().isAfter(upTo)).isEmpty())
            .isPresent();
  }

  private static String key(Revocation revocation) {
    return switch (revocation) {
      case Revocation.OfSignIn(String id) -> "signin." + hash(id);
      case Revocation.OfProviderSession(String id) -> "session." + hash(id);
      case Revocation.OfSubject(String subject, Instant upTo) -> "subject." + hash(subject);
    };
  }

  private static String hash(String id) {
    return Hashes.sha256(id, HASH_LENGTH);
  }

  private static Optional<Instant> time(String value, int position) {
    String[] parts = value.split(" ", -1);
    try {
      return position < parts.length
          ? Optional.of(Instant.parse(parts[position]))
          : Optional.empty();
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }
}
