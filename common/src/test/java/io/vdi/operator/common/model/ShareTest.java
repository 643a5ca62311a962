package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.identity.EmailAddress;
import io.vdi.operator.common.kube.KubeGson;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

  @Test
  @DisplayName("a link is a share for exactly its code, only to view, and only until its end")
  void link() {
    LinkCode code = LinkCode.of("uid-1", new byte[LinkCode.SECRET_BYTES]);
    assertThat(LinkCode.parse(code.text()).map(LinkCode::user)).contains(code.user());
    assertThat(code.sessionUid()).isEqualTo("uid-1");
    assertThat(code).asString().doesNotContain("AAAA");
    assertThat(LinkCode.isUser(code.user())).isTrue();
    Share share = new Share(code.user(), ShareRole.VIEW, NOW.plusSeconds(1));
    assertThat(share.admits(code.user(), NOW)).isTrue();
    assertThat(share.admits(code.user(), NOW.plusSeconds(1))).isFalse();
    byte[] other = new byte[LinkCode.SECRET_BYTES];
    other[31] = 1;
    assertThat(share.admits(LinkCode.of("uid-1", other).user(), NOW)).isFalse();
    assertThat(share.admits(LinkCode.of("uid-2", new byte[32]).user(), NOW)).isFalse();
    assertThat(
            new Share(code.user(), ShareRole.CONTROL, NOW.plusSeconds(1)).admits(code.user(), NOW))
        .isFalse();
    assertThat(new Share(code.user(), ShareRole.VIEW, null).admits(code.user(), NOW)).isFalse();
    assertThat(CAROL.admits("carol@example.com", NOW)).as("a user is no link").isFalse();
    assertThat(code.link("https://portal.example.com/link"))
        .isEqualTo("https://portal.example.com/link#" + code.text());
  }

  @Test
  @DisplayName("a link that was written to last longer than a day lets nobody in")
  void linkOfMoreThanADay() {
    LinkCode code = LinkCode.of("uid-1", new byte[LinkCode.SECRET_BYTES]);
    Instant longest = NOW.plus(Share.MAX_LINK).plus(Share.LINK_SKEW);
    assertThat(new Share(code.user(), ShareRole.VIEW, longest).admits(code.user(), NOW)).isTrue();
    Share longer = new Share(code.user(), ShareRole.VIEW, longest.plusSeconds(1));
    assertThat(longer.admits(code.user(), NOW)).isFalse();
    assertThat(longer.admits(code.user(), NOW.plusSeconds(1))).as("its last day").isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ".",
        "uid-1",
        "uid-1.",
        ".AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "uid-1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "uid-1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "uid-1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
        "a/b.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
      })
  void noCode(String text) {
    assertThat(LinkCode.parse(text)).isEmpty();
  }

  @Test
  @DisplayName("no e-mail address is the user of a link, whatever it begins with")
  void reserved() {
    String hash = "A".repeat(43);
    assertThat(LinkCode.isUser("link:" + hash)).isTrue();
    for (String text :
        List.of("LINK:" + hash, "link:" + hash + "@example.com", "link:a@example.com", "link:")) {
      assertThat(LinkCode.isUser(text)).as(text).isFalse();
      assertThat(LinkCode.isReserved(text)).as(text).isTrue();
    }
    assertThat(LinkCode.isUser("link:" + "A".repeat(42) + "B")).as("two encodings").isFalse();
    assertThat(EmailAddress.isValid("link:" + hash)).isFalse();
    assertThat(LinkCode.isReserved("linked@example.com")).isFalse();
  }
}
