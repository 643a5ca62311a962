package io.vdi.operator.common.identity;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IdentityTest {
  private static final String CONTROLLER = "system:serviceaccount:vdi-system:vdi-controller";
  private static final Identity IDENTITY =
      new Identity(
          Identity.Mode.ENFORCE,
          Set.of("vdi-admins", "system:masters"),
          Set.of(CONTROLLER),
          new IdentityMapping(
              Map.of("carol", "carol@example.com", "robot", "no address"), "email", "oidc:"));

  @ParameterizedTest
  @CsvSource({
    "alice, vdi-admins, true",
    "alice, VDI-admins, false",
    "alice, vdi, false",
    "system:serviceaccount:vdi-system:vdi-controller, staff, true",
    "system:serviceaccount:other:vdi-controller, staff, false",
    "vdi-admins, staff, false",
    "system:kube-controller-manager, staff, false"
  })
  void adminsAreMembersOfTheGroupsAndTheAccountsOfTheOperator(
      String username, String group, boolean admin) {
    Caller caller = new Caller(username, List.of("system:authenticated", group), Map.of());
    assertThat(IDENTITY.isAdmin(caller)).isEqualTo(admin);
    assertThat(IDENTITY.isOperator(caller)).isEqualTo(username.equals(CONTROLLER));
  }

  @ParameterizedTest
  @CsvSource({
    "carol, eve@example.com, carol@example.com",
    "4711, eve@example.com, eve@example.com",
    "oidc:alice@example.com, eve@example.com, eve@example.com",
    "oidc:alice@example.com, '', alice@example.com",
    "alice@example.com, '', alice@example.com",
    "oidc:oidc:alice@example.com, '', oidc:alice@example.com",
    "4711, eve,",
    "robot, eve@example.com,",
    "4711, '',",
    "'', '',"
  })
  void theFirstRuleThatAppliesDecidesEvenIfItYieldsNoAddress(
      String username, String extra, String email) {
    Map<String, List<String>> values =
        extra.isEmpty()
            ? Map.of("email", List.of(), "mail", List.of("eve@example.com"))
            : Map.of("email", List.of(extra, "mallory@example.com"));
    assertThat(IDENTITY.email(new Caller(username, List.of(), values)))
        .isEqualTo(Optional.ofNullable(email));
  }

  @Test
  void onlyASessionOfTheSameAddressIsTheCallersOwn() {
    Caller kim = new Caller("oidc:Kim@example.com", List.of("vdi-admins"), Map.of());
    assertThat(IDENTITY.isOwn(kim, "KIM@Example.COM")).isTrue();
    for (String user :
        List.of("\u212Aim@example.com", "k\u0131m@example.com", "kim@example.com.", "")) {
      assertThat(IDENTITY.isOwn(kim, user)).as(user).isFalse();
    }
  }

  /** A session that is older than the schema can have such a user. */
  @Test
  void aCallerWithoutAnAddressOwnsNothing() {
    assertThat(IDENTITY.isOwn(new Caller("alice", List.of(), Map.of()), "alice")).isFalse();
    assertThat(IDENTITY.isOwn(new Caller("", List.of(), Map.of()), "")).isFalse();
  }
}
