package io.vdi.operator.admission.certificates;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
  private static final AuthorityState.Settings SETTINGS =
      new AuthorityState.Settings(
          Duration.ofHours(60), Duration.ofHours(9), Duration.ofHours(2), List.of("webhook.svc"));

  private final Issuer issuer = new Issuer(new SecureRandom());

  @Test
  void atRestNothingIsDue() {
    AuthorityState state = AuthorityState.first(issuer, SETTINGS, START);
    assertEquals(state, state.due(issuer, SETTINGS, true, START.plus(Duration.ofHours(5))));
  }

  /**
   * Over a year in hours, with an API server that is sometimes told late: what is served is valid,
   * and signed by whom the API server has known for long enough.
   */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void whatIsServedIsAlwaysTrusted(long seed) throws Exception {
    Random random = new Random(seed);
    AuthorityState state = AuthorityState.first(issuer, SETTINGS, START);
    Map<X509Certificate, Instant> trustedSince = new HashMap<>();
    trustedSince.put(state.authority().certificate(), START.minus(Duration.ofDays(1)));
    Set<X509Certificate> authorities = new HashSet<>();
    Set<X509Certificate> served = new HashSet<>();
    String told = state.bundle();
    for (Instant now = START;
        now.isBefore(START.plus(Duration.ofDays(60)));
        now = now.plus(Duration.ofHours(1))) {
      if (random.nextInt(3) > 0) {
        told = state.bundle();
        for (X509Certificate one : CertificateKeyPair.certificates(told)) {
          trustedSince.putIfAbsent(one, now);
        }
      }
      state = state.due(issuer, SETTINGS, told.equals(state.bundle()), now);
      authorities.add(state.authority().certificate());
      served.add(state.serving().certificate());
      assertFalse(state.serving().isExpired(now), "expired at " + now);
      assertTrue(isTrusted(state.serving(), trustedSince, now), "not trusted at " + now);
    }
    assertTrue(authorities.size() > 20, authorities.size() + " authorities");
    assertTrue(served.size() > 150, served.size() + " certificates");
    assertTrue(CertificateKeyPair.certificates(state.bundle()).size() <= 4, "old ones go");
  }

  private static boolean isTrusted(
      CertificateKeyPair serving, Map<X509Certificate, Instant> trustedSince, Instant now) {
    return trustedSince.entrySet().stream()
        .filter(entry ->
            !entry.getValue().isAfter(now.minus(SETTINGS.propagation()).plus(Duration.ofHours(1))))
        .map(Map.Entry::getKey)
        .filter(authority -> now.isBefore(authority.getNotAfter().toInstant()))
        .anyMatch(authority -> {
          try {
            serving.certificate().verify(authority.getPublicKey());
            return true;
          } catch (GeneralSecurityException e) {
            return false;
          }
        });
  }

  @Test
  void afterALongSleepAllIsMadeAnew() {
    AuthorityState state = AuthorityState.first(issuer, SETTINGS, START);
    Instant later = START.plus(Duration.ofDays(90));
    assertFalse(state.due(issuer, SETTINGS, true, later).serving().isExpired(later));
  }

  @Test
  void otherNamesAreCertifiedAtOnce() throws GeneralSecurityException {
    AuthorityState state = AuthorityState.first(issuer, SETTINGS, START);
    AuthorityState.Settings other =
        new AuthorityState.Settings(
            SETTINGS.authorityLife(),
            SETTINGS.servingLife(),
            SETTINGS.propagation(),
            List.of("other.svc", "127.0.0.1"));
    AuthorityState due = state.due(issuer, other, true, START);
    assertEquals(2, due.serving().certificate().getSubjectAlternativeNames().size());
    assertEquals(state.authority(), due.authority());
  }

  @Test
  void theSecretHoldsAllOfIt() throws CertificateKeyPair.InvalidCertificateException {
    AuthorityState state = AuthorityState.first(issuer, SETTINGS, START);
    AuthorityState announced = state.due(issuer, SETTINGS, true, START.plus(Duration.ofHours(41)));
    assertTrue(announced.next().isPresent());
    assertEquals(announced, AuthoritySecret.state(AuthoritySecret.data(announced)));
    JsonObject broken = AuthoritySecret.data(state);
    broken.add(
        "tls.key",
        AuthoritySecret.data(AuthorityState.first(issuer, SETTINGS, START)).get("tls.key"));
    assertThrows(
        CertificateKeyPair.InvalidCertificateException.class, () -> AuthoritySecret.state(broken));
  }
}
