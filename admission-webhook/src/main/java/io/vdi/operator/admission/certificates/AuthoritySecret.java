package io.vdi.operator.admission.certificates;

import com.google.gson.JsonObject;
import io.vdi.operator.admission.certificates.AuthorityState.NextCa;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/**
 * Encodes an {@link AuthorityState} as the data of a Secret, and decodes it. The keys are stored in
 * clusters, so they do not change.
 */
final class AuthoritySecret {
  private static final String CA = "authority";
  private static final String NEXT_CA = "next-authority";
  private static final String NEXT_PUBLISHED = "next-published";
  private static final String RETIRED = "former.crt";

  private AuthoritySecret() {}

  static JsonObject data(AuthorityState state) {
    JsonObject data = new JsonObject();
    // The names of kubernetes.io/tls and cert-manager.
    put(data, "tls.crt", Issuer.pem(state.serving().chain()));
    put(data, "tls.key", Issuer.pem(state.serving().key()));
    put(data, "ca.crt", state.bundle());
    put(data, CA + ".crt", Issuer.pem(state.ca().chain()));
    put(data, CA + ".key", Issuer.pem(state.ca().key()));
    put(data, RETIRED, Issuer.pem(state.retired()));
    state
        .next()
        .ifPresent(next -> {
          put(data, NEXT_CA + ".crt", Issuer.pem(next.ca().chain()));
          put(data, NEXT_CA + ".key", Issuer.pem(next.ca().key()));
          next.publishedAt().ifPresent(time -> put(data, NEXT_PUBLISHED, time.toString()));
        });
    return data;
  }

  static AuthorityState state(JsonObject data)
      throws CertificateKeyPair.InvalidCertificateException {
    return new AuthorityState(
        CertificateKeyPair.parse(text(data, CA + ".crt"), text(data, CA + ".key")),
        data.has(NEXT_CA + ".crt") ? Optional.of(next(data)) : Optional.empty(),
        data.has(RETIRED) ? CertificateKeyPair.certificates(text(data, RETIRED)) : List.of(),
        CertificateKeyPair.parse(text(data, "tls.crt"), text(data, "tls.key")));
  }

  private static NextCa next(JsonObject data)
      throws CertificateKeyPair.InvalidCertificateException {
    try {
      return new NextCa(
          CertificateKeyPair.parse(text(data, NEXT_CA + ".crt"), text(data, NEXT_CA + ".key")),
          data.has(NEXT_PUBLISHED)
              ? Optional.of(Instant.parse(text(data, NEXT_PUBLISHED)))
              : Optional.empty());
    } catch (DateTimeException e) {
      throw new CertificateKeyPair.InvalidCertificateException(NEXT_PUBLISHED + " is not a time");
    }
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
      throw new CertificateKeyPair.InvalidCertificateException(key + " is missing or not base64");
    }
  }
}
