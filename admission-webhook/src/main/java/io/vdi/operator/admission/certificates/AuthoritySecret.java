package io.vdi.operator.admission.certificates;

import com.google.gson.JsonObject;
import io.vdi.operator.admission.certificates.AuthorityState.Next;
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

  static AuthorityState state(JsonObject data)
      throws CertificateKeyPair.InvalidCertificateException {
    Optional<Next> next = Optional.empty();
    if (data.has(NEXT + ".crt")) {
      try {
        next =
            Optional.of(
                new Next(
                    CertificateKeyPair.parse(text(data, NEXT + ".crt"), text(data, NEXT + ".key")),
                    data.has(NEXT_PUBLISHED)
                        ? Optional.of(Instant.parse(text(data, NEXT_PUBLISHED)))
                        : Optional.empty()));
      } catch (DateTimeException e) {
        throw new CertificateKeyPair.InvalidCertificateException(NEXT_PUBLISHED + " is no time");
      }
    }
    return new AuthorityState(
        CertificateKeyPair.parse(text(data, AUTHORITY + ".crt"), text(data, AUTHORITY + ".key")),
        next,
        data.has(FORMER) ? CertificateKeyPair.certificates(text(data, FORMER)) : List.of(),
        CertificateKeyPair.parse(text(data, "tls.crt"), text(data, "tls.key")));
  }

  private static void put(JsonObject data, String key, String text) {
    data.addProperty(
        key, Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8)));
  }

  private static String text(JsonObject data, String key)
      throws CertificateKeyPair.InvalidCertificateException {
    try {
      return new String(
          Base64.getDecoder().decode(data.get(key).getAsString()), StandardCharsets.UTF_8);
    } catch (RuntimeException e) {
      throw new CertificateKeyPair.InvalidCertificateException(key + " is missing or no base64");
    }
  }
}
