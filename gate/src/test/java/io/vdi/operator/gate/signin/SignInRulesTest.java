package io.vdi.operator.gate.signin;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class SignInRulesTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  @Test
  @DisplayName("a verified e-mail signs in, with prefixed groups and an end")
  void accepted() {
    SignIn signIn = accepted(user("alice@example.com", true), settings(true, List.of()));
    assertThat(signIn.holder().email()).isEqualTo("alice@example.com");
    assertThat(signIn.holder().expiresAt()).isEqualTo(NOW.plus(Duration.ofHours(10)));
    assertThat(signIn.groups()).containsExactly("oidc:staff", "oidc:admins");
    assertThat(signIn.validUntil(Duration.ofHours(1))).isEqualTo(NOW.plus(Duration.ofHours(1)));
    assertThat(signIn.used(NOW.plus(Duration.ofHours(10))).validUntil(Duration.ofHours(1)))
        .isEqualTo(signIn.holder().expiresAt());
  }

  @Test
  @DisplayName("only the groups of the setting count")
  void groups() {
    assertThat(
            accepted(user("alice@example.com", true), settings(true, List.of("oidc:admins")))
                .groups())
        .containsExactly("oidc:admins");
  }

  @Test
  @DisplayName("an e-mail that is absent, malformed or not verified is refused")
  void refused() {
    SignInSettings strict = settings(true, List.of());
    assertThat(judge(user("alice@example.com", false), strict))
        .isInstanceOf(SignInRules.Verdict.Refused.class);
    assertThat(judge(user("alice", true), strict)).isInstanceOf(SignInRules.Verdict.Refused.class);
    assertThat(
            judge(
                new Provider.ProvidedUser(
                    "s", Optional.empty(), Optional.empty(), true, List.of(), "t"),
                strict))
        .isInstanceOf(SignInRules.Verdict.Refused.class);
    assertThat(judge(user("alice@example.com", false), settings(false, List.of())))
        .isInstanceOf(SignInRules.Verdict.Accepted.class);
  }

  private static SignIn accepted(Provider.ProvidedUser user, SignInSettings settings) {
    return ((SignInRules.Verdict.Accepted) judge(user, settings)).signIn();
  }

  private static SignInRules.Verdict judge(Provider.ProvidedUser user, SignInSettings settings) {
    return SignInRules.judge(user, settings, "id", NOW);
  }

  private static Provider.ProvidedUser user(String email, boolean verified) {
    return new Provider.ProvidedUser(
        "sub", Optional.of("sid"), Optional.of(email), verified, List.of("staff", "admins"), "t");
  }

  private static SignInSettings settings(boolean verified, List<String> groups) {
    return new SignInSettings(
        verified,
        "oidc:",
        groups,
        Duration.ofHours(10),
        Duration.ofHours(1),
        Duration.ofMinutes(10));
  }
}
