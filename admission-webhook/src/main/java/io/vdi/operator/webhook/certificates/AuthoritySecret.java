package io.vdi.operator.webhook.certificates;

import com.google.gson.JsonObject;
import io.vdi.operator.webhook.certificates.AuthorityState.Next;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/** An {@link AuthorityState} as the data of a Secret, and back. */
final class AuthoritySecret {
  private static final String AUTHORITY = "authority";
  private static final String NEXT = "next-authority";
  private static final String NEXT_PUBLISHED = "next-published";
  private static final String FORMER = "former.crt";

  private AuthoritySecret() {}

  static JsonObject data(AuthorityState state) {
    JsonObject data = new JsonObject();
    // What others know by the names of kubernetes.io/tls and cert-manager.
    put(data, "tls.crt", Issuer.pem(state.serving().chain()));
    put(data, "tls.key", Issuer.pem(state.serving().key()));
    put(data, "ca.crt", state.bundle());
    put(data, AUTHORITY + ".crt", Issuer.pem(state.authority().chain()));
    put(data, AUTHORITY + ".key", Issuer.pem(state.authority().key()));
    put(data, FORMER, Issuer.pem(state.former()));
    state
        .next()
        .ifPresent(next -> {
          put(data, NEXT + ".crt", Issuer.pem(next.authority().chain()));
          put(data, NEXT + ".key", Issuer.pem(next.authority().key()));
          next.published().ifPresent(since -> put(data, NEXT_PUBLISHED, since.toString()));
        });
    return data;
  }

  static AuthorityState state(JsonObject data) throws Material.Unusable {
    Optional<Next> next = Optional.empty();
    if (data.has(NEXT + ".crt")) {
      try {
        next =
            Optional.of(
                new Next(
                    Material.parse(text(data, NEXT + ".crt"), text(data, NEXT + ".key")),
                    data.has(NEXT_PUBLISHED)
                        ? Optional.of(Instant.parse(text(data, NEXT_PUBLISHED)))
                        : Optional.empty()));
      } catch (DateTimeException e) {
        throw new Material.Unusable(NEXT_PUBLISHED + " is no time");
      }
    }
    return new AuthorityState(
        Material.parse(text(data, AUTHORITY + ".crt"), text(data, AUTHORITY + ".key")),
        next,
        data.has(FORMER) ? Material.certificates(text(data, FORMER)) : List.of(),
        Material.parse(text(data, "tls.crt"), text(data, "tls.key")));
  }

  private static void put(JsonObject data, String key, String text) {
    data.addProperty(
        key, Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8)));
  }

  private static String text(JsonObject data, String key) throws Material.Unusable {
    try {
      return new String(
          Base64.getDecoder().decode(data.get(key).getAsString()), StandardCharsets.UTF_8);
    } catch (RuntimeException e) {
      throw new Material.Unusable(key + " is missing or no base64");
    }
  }
}
