package io.vdi.operator.admission.validation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IdentityTest {
  private static final AdmissionContext VIEW = Requests.view("{image: x, idleTimeout: 1h}");
  private static final JsonObject ALICES =
      Requests.session("{user: 'alice@example.com', template: t}");

  @ParameterizedTest
  @CsvSource({
    "alice@example.com, true",
    "Alice@Example.com, true",
    "oidc:alice@example.com, true",
    "bob@example.com, false",
    "oidc:bob@example.com, false",
    "alice, false",
    "system:serviceaccount:vdi-system:vdi-controller, true",
    "system:serviceaccount:other:vdi-controller, false"
  })
  void onlyOwnSessions(String username, boolean allowed) {
    Decision decision = decide(new AdmissionRequest.Caller(username, List.of(), Map.of()));
    assertEquals(allowed, decision instanceof Decision.QuotaCheckRequired, decision.toString());
    if (!allowed) {
      Decision.Deny deny = assertInstanceOf(Decision.Deny.class, decision);
      assertEquals(403, deny.code());
      assertTrue(
          deny.message().startsWith("spec.user \"alice@example.com\": " + username + " may only"));
    }
  }

  @Test
  void theExtraNamesTheEmail() {
    AdmissionRequest.Caller caller =
        new AdmissionRequest.Caller(
            "4711", List.of(), Map.of("email", List.of("alice@example.com")));
    assertInstanceOf(Decision.QuotaCheckRequired.class, decide(caller));
  }

  @Test
  void theTableComesFirst() {
    AdmissionRequest.Caller caller =
        new AdmissionRequest.Caller(
            "carol", List.of(), Map.of("email", List.of("alice@example.com")));
    assertTrue(
        assertInstanceOf(Decision.Deny.class, decide(caller))
            .message()
            .contains("its own e-mail carol@example.com"));
  }

  @Test
  void adminsMayTouchAll() {
    assertInstanceOf(Decision.QuotaCheckRequired.class, decide(Requests.ADMIN));
  }

  @Test
  void warnLetsInWithAWord() {
    Decision decision =
        SessionAdmission.validate(
            Requests.create(
                ALICES, new AdmissionRequest.Caller("bob@example.com", List.of(), Map.of())),
            VIEW,
            Requests.policy(Identity.Mode.WARN));
    assertInstanceOf(Decision.QuotaCheckRequired.class, decision);
    assertEquals(1, decision.warnings().size(), decision.toString());
  }

  private static Decision decide(AdmissionRequest.Caller caller) {
    return SessionAdmission.validate(Requests.create(ALICES, caller), VIEW, Requests.POLICY);
  }
}
