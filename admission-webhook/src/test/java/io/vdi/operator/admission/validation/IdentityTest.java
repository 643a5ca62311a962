package io.vdi.operator.admission.validation;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import io.vdi.operator.common.identity.Caller;
import io.vdi.operator.common.identity.Identity;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IdentityTest {
  private static final Requests.Cluster CLUSTER = Requests.cluster("{image: x, idleTimeout: 1h}");
  private static final JsonObject SESSION_OF_ALICE =
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
  void aCallerCanOnlyCreateItsOwnSessions(String username, boolean allowed) {
    Verdict verdict = validate(new Caller(username, List.of(), Map.of()));
    if (allowed) {
      assertThat(verdict).isInstanceOf(QuotaCheckRequired.class);
    } else {
      assertThat(verdict)
          .isInstanceOfSatisfying(
              Response.Deny.class,
              deny -> {
                assertThat(deny.reason().code()).isEqualTo(403);
                assertThat(deny.message())
                    .startsWith("spec.user \"alice@example.com\": " + username + " may only");
              });
    }
  }

  @Test
  void theEmailCanBeInTheExtraOfTheUser() {
    Caller caller = new Caller("4711", List.of(), Map.of("email", List.of("alice@example.com")));
    assertThat(validate(caller)).isInstanceOf(QuotaCheckRequired.class);
  }

  @Test
  void theConfiguredEmailTakesPrecedence() {
    Caller caller = new Caller("carol", List.of(), Map.of("email", List.of("alice@example.com")));
    assertThat(validate(caller))
        .isInstanceOfSatisfying(
            Response.Deny.class,
            deny -> assertThat(deny.message()).contains("its own e-mail carol@example.com"));
  }

  @Test
  void adminsCanCreateSessionsForEverybody() {
    assertThat(validate(Requests.ADMIN)).isInstanceOf(QuotaCheckRequired.class);
  }

  @Test
  void modeWarnAllowsWithAWarning() {
    Verdict verdict =
        CLUSTER.validate(
            Requests.create(SESSION_OF_ALICE, new Caller("bob@example.com", List.of(), Map.of())),
            Requests.policy(Identity.Mode.WARN));
    assertThat(verdict).isInstanceOf(QuotaCheckRequired.class);
    assertThat(verdict.warnings()).hasSize(1);
  }

  private static Verdict validate(Caller caller) {
    return CLUSTER.validate(Requests.create(SESSION_OF_ALICE, caller), Requests.POLICY);
  }
}
