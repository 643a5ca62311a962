package io.vdi.operator.gate.revocation;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class RevocationsTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final Instant UNTIL = NOW.plusSeconds(3600);

  private static final Holder ALICE =
      new Holder("s1", Optional.of("p1"), "sub-a", "alice@example.com", NOW, UNTIL);

  @Test
  @DisplayName("a revocation covers the sign-ins that it names and no others")
  void covers() {
    assertThat(Revocations.NONE.cover(ALICE)).isFalse();
    assertThat(with(new Revocation.OfSignIn("s1")).cover(ALICE)).isTrue();
    assertThat(with(new Revocation.OfSignIn("p1")).cover(ALICE)).isFalse();
    assertThat(with(new Revocation.OfProviderSession("p1")).cover(ALICE)).isTrue();
    assertThat(with(new Revocation.OfProviderSession("p2")).cover(ALICE)).isFalse();
    assertThat(with(new Revocation.OfSubject("sub-b", NOW)).cover(ALICE)).isFalse();
  }

  @Test
  @DisplayName("a logout of a user ends the sign-ins before it, and none after it")
  void subject() {
    assertThat(with(new Revocation.OfSubject("sub-a", NOW)).cover(ALICE)).isTrue();
    assertThat(with(new Revocation.OfSubject("sub-a", NOW.plusSeconds(9))).cover(ALICE)).isTrue();
    assertThat(with(new Revocation.OfSubject("sub-a", NOW.minusSeconds(1))).cover(ALICE)).isFalse();
  }

  @Test
  @DisplayName("an entry that cannot be read ends the sign-ins that it names")
  void unreadable() {
    String key = with(new Revocation.OfSubject("sub-a", NOW)).data().keySet().iterator().next();
    assertThat(new Revocations(Map.of(key, "rubbish")).cover(ALICE)).isTrue();
  }

  @Test
  @DisplayName("entries are removed when no token needs them any more")
  void bounded() {
    Revocations old = with(new Revocation.OfSignIn("s1"));
    Revocations next =
        old.with(new Revocation.OfSignIn("s2"), UNTIL.plusSeconds(9), UNTIL).orElseThrow();
    assertThat(next.data()).hasSize(1);
    Map<String, String> full = new HashMap<>();
    for (int i = 0; i < Revocations.MAX_ENTRIES; i++) {
      full.put("signin." + i, UNTIL.toString());
    }
    assertThat(new Revocations(full).with(new Revocation.OfSignIn("s1"), UNTIL, NOW)).isEmpty();
  }

  private static Revocations with(Revocation revocation) {
    return Revocations.NONE.with(revocation, UNTIL, NOW).orElseThrow();
  }
}
