package io.vdi.operator.admission.certificates;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AuthorityStateTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final CertificateSettings SETTINGS =
      new CertificateSettings(
          Duration.ofHours(60), Duration.ofHours(9), Duration.ofHours(2), List.of("webhook.svc"));

  private final Issuer issuer = new Issuer(new SecureRandom());

  @Test
  void nothingIsDueBeforeTwoThirdsOfTheLifetime() {
    AuthorityState state = AuthorityState.first(issuer, SETTINGS, START);
    assertThat(state.due(issuer, SETTINGS, true, START.plus(Duration.ofHours(5)))).isSameAs(state);
  }

  /**
   * For 60 days in steps of an hour, with CA bundles that are sometimes written late: the serving
   * certificate is always valid, and signed by a CA that was published for long enough.
   */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void theServingCertificateIsAlwaysTrusted(long seed) throws Exception {
    Random random = new Random(seed);
    AuthorityState state = AuthorityState.first(issuer, SETTINGS, START);
    Map<X509Certificate, Instant> trustedSince = new HashMap<>();
    trustedSince.put(state.ca().certificate(), START.minus(Duration.ofDays(1)));
    Set<X509Certificate> cas = new HashSet<>();
    Set<X509Certificate> served = new HashSet<>();
    String published = state.bundle();
    for (Instant now = START;
        now.isBefore(START.plus(Duration.ofDays(60)));
        now = now.plus(Duration.ofHours(1))) {
      if (random.nextInt(3) > 0) {
        published = state.bundle();
        for (X509Certificate one : CertificateKeyPair.certificates(published)) {
          trustedSince.putIfAbsent(one, now);
        }
      }
      state = state.due(issuer, SETTINGS, published.equals(state.bundle()), now);
      cas.add(state.ca().certificate());
      served.add(state.serving().certificate());
      assertThat(state.serving().isExpired(now)).as("expired at %s", now).isFalse();
      assertThat(isTrusted(state.serving(), trustedSince, now)).as("trusted at %s", now).isTrue();
    }
    assertThat(cas).hasSizeGreaterThan(20);
    assertThat(served).hasSizeGreaterThan(150);
    assertThat(CertificateKeyPair.certificates(state.bundle()))
        .as("expired CAs are removed")
        .hasSizeLessThanOrEqualTo(4);
  }

  private static boolean isTrusted(
      CertificateKeyPair serving, Map<X509Certificate, Instant> trustedSince, Instant now) {
    return trustedSince.entrySet().stream()
        .filter(entry ->
            !entry.getValue().isAfter(now.minus(SETTINGS.propagation()).plus(Duration.ofHours(1))))
        .map(Map.Entry::getKey)
        .filter(ca -> now.isBefore(ca.getNotAfter().toInstant()))
        .anyMatch(ca -> {
          try {
            serving.certificate().verify(ca.getPublicKey());
            return true;
          } catch (GeneralSecurityException e) {
            return false;
          }
        });
  }

  @Test
  void everythingIsReplacedAfterALongInterruption() {
    AuthorityState state = AuthorityState.first(issuer, SETTINGS, START);
    Instant later = START.plus(Duration.ofDays(90));
    assertThat(state.due(issuer, SETTINGS, true, later).serving().isExpired(later)).isFalse();
  }

  @Test
  void changedDnsNamesAreCertifiedImmediately() throws GeneralSecurityException {
    AuthorityState state = AuthorityState.first(issuer, SETTINGS, START);
    CertificateSettings other =
        new CertificateSettings(
            SETTINGS.caDuration(),
            SETTINGS.leafDuration(),
            SETTINGS.propagation(),
            List.of("other.svc", "127.0.0.1"));
    AuthorityState due = state.due(issuer, other, true, START);
    assertThat(due.serving().certificate().getSubjectAlternativeNames()).hasSize(2);
    assertThat(due.ca()).isEqualTo(state.ca());
  }

  @Test
  void theSecretContainsTheWholeState() throws CertificateKeyPair.InvalidCertificateException {
    AuthorityState state = AuthorityState.first(issuer, SETTINGS, START);
    AuthorityState announced = state.due(issuer, SETTINGS, true, START.plus(Duration.ofHours(41)));
    assertThat(announced.next()).isPresent();
    assertThat(AuthoritySecret.state(AuthoritySecret.data(announced))).isEqualTo(announced);
    JsonObject broken = AuthoritySecret.data(state);
    broken.add(
        "tls.key",
        AuthoritySecret.data(AuthorityState.first(issuer, SETTINGS, START)).get("tls.key"));
    assertThatThrownBy(() -> AuthoritySecret.state(broken))
        .isInstanceOf(CertificateKeyPair.InvalidCertificateException.class);
  }
}
