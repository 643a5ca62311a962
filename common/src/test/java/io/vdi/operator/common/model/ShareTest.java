package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.KubeGson;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ShareTest {
  private static final Instant NOW = Instant.parse("2026-11-26T12:00:00Z");
  private static final Share BOB = new Share("bob@example.com", ShareRole.VIEW, null);
  private static final Share CAROL =
      new Share("carol@example.com", ShareRole.CONTROL, NOW.plusSeconds(1));

  @Test
  @DisplayName("a share without a role is for viewing")
  void defaultRole() {
    VdiSession session =
        KubeGson.gson()
            .fromJson("{spec: {shares: [{user: bob@example.com}, null]}}", VdiSession.class);
    assertThat(session.spec().shares()).containsExactly(BOB);
    assertThat(KubeGson.gson().fromJson("{spec: {}}", VdiSession.class).spec().shares()).isEmpty();
  }

  @Test
  @DisplayName("a share ends exactly at its time")
  void until() {
    assertThat(BOB.isActive(NOW)).isTrue();
    assertThat(CAROL.isActive(NOW)).isTrue();
    assertThat(CAROL.isActive(NOW.plusSeconds(1))).isFalse();
    assertThat(Share.find(List.of(BOB, CAROL), "Carol@Example.com", NOW)).contains(CAROL);
    assertThat(Share.find(List.of(BOB, CAROL), "carol@example.com", NOW.plusSeconds(1))).isEmpty();
  }

  @Test
  @DisplayName("a user has one share; letters that only look alike are another user")
  void oneForEachUser() {
    Share other = new Share("BOB@example.com", ShareRole.CONTROL, null);
    assertThat(Share.with(List.of(BOB, CAROL), other)).containsExactly(CAROL, other);
    assertThat(Share.without(List.of(BOB, CAROL), "BOB@EXAMPLE.COM")).containsExactly(CAROL);
    assertThat(
            Share.find(
                List.of(new Share("kim@example.com", null, null)), "\u212Aim@example.com", NOW))
        .isEmpty();
  }
}
