package io.vdi.operator.admission.certificates;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import io.vdi.operator.admission.FakeApi;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class DynamicAuthorityTest {
  private static final String SECRET = "/api/v1/namespaces/vdi-system/secrets/tls";
  private static final String CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/";
  private static final String MUTATING =
      CONFIGURATIONS + "mutatingwebhookconfigurations/vdi-operator";
  private static final String VALIDATING =
      CONFIGURATIONS + "validatingwebhookconfigurations/vdi-operator";
  private static final CertificateSettings SETTINGS =
      new CertificateSettings(
          Duration.ofHours(60), Duration.ofHours(9), Duration.ofHours(2), List.of("webhook.svc"));

  private final FakeApi api = new FakeApi();
  private final AtomicReference<Instant> now =
      new AtomicReference<>(Instant.parse("2026-01-01T00:00:00Z"));
  private final ServingCertificate serving = new ServingCertificate(now::get, Optional.empty());
  private final DynamicAuthority authority = replica(serving);

  @Test
  void theFirstReplicaCreatesTheSecretAndPublishesTheCa() {
    installConfigurations();
    authority.refresh();
    assertThat(serving.whyNotReady()).isEmpty();
    assertThat(serving.current().orElseThrow().certificate())
        .isEqualTo(stored("tls.crt").getFirst());
    assertThat(api.get(SECRET).get("type").getAsString()).isEqualTo("kubernetes.io/tls");
    for (String configuration : List.of(MUTATING, VALIDATING)) {
      assertThat(bundle(configuration)).isEqualTo(text("ca.crt"));
    }
  }

  @Test
  void anotherReplicaServesTheSameCertificate() {
    authority.refresh();
    ServingCertificate second = new ServingCertificate(now::get, Optional.empty());
    replica(second).refresh();
    assertThat(second.current()).isEqualTo(serving.current());
    assertThat(api.count("POST", "secrets")).isEqualTo(1);
  }

  @Test
  void theReplicaThatLosesTheRaceUsesTheResultOfTheOther() {
    ServingCertificate second = new ServingCertificate(now::get, Optional.empty());
    DynamicAuthority other = replica(second);
    AtomicBoolean once = new AtomicBoolean();
    api.failWith((method, path) -> {
      if (method.equals("POST") && once.compareAndSet(false, true)) {
        other.refresh();
      }
      return Optional.empty();
    });
    authority.refresh();
    assertThat(serving.current()).as("after the conflict").isEmpty();
    authority.refresh();
    assertThat(serving.current()).isEqualTo(second.current());
  }

  @Test
  void nothingIsWrittenWhileNothingIsDue() {
    installConfigurations();
    authority.refresh();
    long writes = api.count("PUT", "") + api.count("POST", "");
    for (int i = 0; i < 5; i++) {
      authority.refresh();
    }
    assertThat(api.count("PUT", "") + api.count("POST", "")).isEqualTo(writes);
  }

  @Test
  void aNewCaIsPublishedBeforeItSigns() {
    installConfigurations();
    authority.refresh();
    X509Certificate first = stored("authority.crt").getFirst();
    pass(Duration.ofHours(41));
    X509Certificate next = stored("next-authority.crt").getFirst();
    assertThat(bundle(VALIDATING)).isEqualTo(text("ca.crt"));
    assertThat(certificates(bundle(VALIDATING))).containsExactly(first, next);
    assertThat(stored("authority.crt")).as("signs until the next is trusted").contains(first);
    authority.refresh();
    pass(Duration.ofHours(2));
    assertThat(stored("authority.crt")).containsExactly(next);
    assertThat(serving.current().orElseThrow().chain()).contains(next);
    assertThat(certificates(bundle(VALIDATING))).as("still trusted").contains(first);
  }

  @Test
  void aCaThatIsNotPublishedDoesNotSign() {
    installConfigurations();
    authority.refresh();
    X509Certificate first = stored("authority.crt").getFirst();
    api.failWith((method, path) ->
        method.equals("PUT") && path.equals(VALIDATING)
            ? Optional.of(new FakeApi.Status(403, "Forbidden", "no permission"))
            : Optional.empty());
    for (int i = 0; i < 4; i++) {
      pass(Duration.ofHours(i == 0 ? 41 : 3));
    }
    assertThat(stored("authority.crt")).containsExactly(first);
    assertThat(serving.whyNotReady())
        .isEqualTo("validatingwebhookconfigurations vdi-operator cannot be written: no permission");
    api.failWith((method, path) -> Optional.empty());
    authority.refresh();
    assertThat(serving.whyNotReady()).isEmpty();
  }

  @Test
  void anUnreadableSecretIsReportedAndTheFormerCertificateStays() {
    authority.refresh();
    Optional<CertificateKeyPair> before = serving.current();
    api.failWith((method, path) -> {
      throw new IOException("connection refused");
    });
    authority.refresh();
    assertThat(serving.whyNotReady())
        .startsWith("Secret tls cannot be read: ")
        .contains("connection refused");
    assertThat(serving.current()).isEqualTo(before);
  }

  @Test
  void aRefusedSecretIsReported() {
    api.failWith((method, path) ->
        method.equals("POST")
            ? Optional.of(new FakeApi.Status(403, "Forbidden", "no permission"))
            : Optional.empty());
    authority.refresh();
    assertThat(serving.whyNotReady()).isEqualTo("Secret tls cannot be written: no permission");
  }

  @Test
  void aBrokenSecretIsReplaced() {
    authority.refresh();
    Optional<CertificateKeyPair> before = serving.current();
    api.put(SECRET, "{data: {'tls.crt': 'bm90IFBFTQ=='}}");
    authority.refresh();
    assertThat(serving.whyNotReady()).isEmpty();
    assertThat(serving.current()).isPresent().isNotEqualTo(before);
    api.put(SECRET, "{}");
    authority.refresh();
    assertThat(serving.whyNotReady()).isEmpty();
  }

  private DynamicAuthority replica(ServingCertificate certificate) {
    return new DynamicAuthority(
        api.client(),
        new DynamicAuthority.Location("vdi-system", "tls", "vdi-operator"),
        SETTINGS,
        certificate,
        new SecureRandom(),
        now::get);
  }

  private void installConfigurations() {
    for (String path : List.of(MUTATING, VALIDATING)) {
      api.put(path, "{webhooks: [{clientConfig: {}}, {clientConfig: {caBundle: b2xk}}]}");
    }
  }

  private void pass(Duration time) {
    now.set(now.get().plus(time));
    authority.refresh();
  }

  private String text(String key) {
    return decode(api.get(SECRET).getAsJsonObject("data").get(key).getAsString());
  }

  private List<X509Certificate> stored(String key) {
    return certificates(text(key));
  }

  /** The bundle, which is the same for every webhook of a configuration. */
  private String bundle(String configuration) {
    List<String> bundles =
        api.get(configuration).getAsJsonArray("webhooks").asList().stream()
            .map(webhook -> webhook.getAsJsonObject().getAsJsonObject("clientConfig"))
            .map((JsonObject client) -> client.get("caBundle").getAsString())
            .distinct()
            .toList();
    assertThat(bundles).hasSize(1);
    return decode(bundles.getFirst());
  }

  private static String decode(String base64) {
    return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
  }

  private static List<X509Certificate> certificates(String pem) {
    try {
      return CertificateKeyPair.certificates(pem);
    } catch (CertificateKeyPair.InvalidCertificateException e) {
      throw new AssertionError(e);
    }
  }
}
