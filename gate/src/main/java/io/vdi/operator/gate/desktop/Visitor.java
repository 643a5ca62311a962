package io.vdi.operator.gate.desktop;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.vdi.operator.common.identity.EmailAddress;
import io.vdi.operator.common.model.Hashes;
import io.vdi.operator.common.model.SessionKey;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Somebody else than the owner who has opened a desktop.
 *
 * @param sessionUid of the desktop
 * @param since when the visitor came
 * @param expires when the sign-in of the visitor ends at the latest
 */
public record Visitor(
    SessionKey session,
    String sessionUid,
    String email,
    Role role,
    Instant since,
    Instant expires) {
  /** How long a page takes at most from its first request until Selkies lists it. */
  private static final Duration ARRIVAL = Duration.ofSeconds(30);

  private static final int HASH_LENGTH = 40;

  /** A visitor who comes now. */
  public static Visitor of(Grant grant, Desktop desktop, Instant now) {
    return new Visitor(
        desktop.session(),
        desktop.uid(),
        grant.holder().email(),
        grant.role(),
        now,
        grant.holder().expiresAt());
  }

  /** The same user in the same role at the same desktop has the same key. */
  public String key() {
    return Hashes.sha256(
        sessionUid + "\n" + role.name() + "\n" + EmailAddress.key(email), HASH_LENGTH);
  }

  /**
   * Whether the visitor has left: the desktop has no page that can be the visitor's. Selkies does
   * not know whose a page is.
   */
  public boolean hasLeft(Disconnector.Pages pages, Instant now) {
    return since.plus(ARRIVAL).isBefore(now)
        && (role.onlyWatches() ? pages.viewers() : pages.controllers()) == 0;
  }

  /** As the ConfigMap has it. */
  String text() {
    JsonObject json = new JsonObject();
    json.addProperty("namespace", session.namespace());
    json.addProperty("name", session.name());
    json.addProperty("uid", sessionUid);
    json.addProperty("email", email);
    json.addProperty("role", role.name());
    json.addProperty("since", since.toString());
    json.addProperty("expires", expires.toString());
    return json.toString();
  }

  /** Empty if the gate has not written it. */
  static Optional<Visitor> parse(String text) {
    try {
      JsonObject json = JsonParser.parseString(text).getAsJsonObject();
      return Optional.of(
          new Visitor(
              new SessionKey(text(json, "namespace"), text(json, "name")),
              text(json, "uid"),
              text(json, "email"),
              Role.valueOf(text(json, "role")),
              Instant.parse(text(json, "since")),
              Instant.parse(text(json, "expires"))));
    } catch (JsonParseException
        | IllegalStateException
        | IllegalArgumentException
        | DateTimeException e) {
      return Optional.empty();
    }
  }

  private static String text(JsonObject json, String field) {
    if (!json.has(field)) {
      throw new IllegalArgumentException("no " + field);
    }
    return json.get(field).getAsString();
  }
}
