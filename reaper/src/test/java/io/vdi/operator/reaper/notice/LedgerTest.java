package io.vdi.operator.reaper.notice;

import static io.vdi.operator.reaper.notice.NoticeFixture.NOON;
import static io.vdi.operator.reaper.notice.NoticeFixture.notice;
import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.notice.Notice;
import io.vdi.operator.common.notice.Notice.Kind;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class LedgerTest {
  private static final Set<String> SINKS = Set.of("webhook", "mail");
  private final Notice notice = notice("id-1", Kind.SUSPENDED);

  @Test
  @DisplayName("a notice is open until it is settled, for each sink, also in what is stored")
  void settled() {
    Ledger ledger = ledger();
    assertThat(ledger.isOpen(notice, "webhook")).isTrue();
    ledger.settle(notice, "webhook");
    Ledger stored = Ledger.parse(ledger.data());
    assertThat(stored.isOpen(notice, "webhook")).isFalse();
    assertThat(stored.isOpen(notice, "mail")).isTrue();
    assertThat(stored.isOpen(notice, "unknown")).isFalse();
    assertThat(stored.data()).isEqualTo(ledger.data());
  }

  @Test
  @DisplayName("what was before a sink was configured is not sent to it")
  void past() {
    Ledger ledger = new Ledger();
    assertThat(ledger.setSinks(Set.of("webhook"), NOON.minusSeconds(1))).isTrue();
    assertThat(ledger.setSinks(Set.of("webhook"), NOON)).isFalse();
    assertThat(ledger.setSinks(SINKS, NOON.plusSeconds(1))).isTrue();
    assertThat(ledger.isOpen(notice, "webhook")).isTrue();
    assertThat(ledger.isOpen(notice, "mail")).isFalse();
    assertThat(ledger.setSinks(Set.of("mail"), NOON)).isTrue();
    assertThat(ledger.isOpen(notice, "webhook")).as("not configured any more").isFalse();
  }

  @Test
  @DisplayName("the notice of a session that is gone is kept until every sink has settled it")
  void kept() {
    Notice expired = notice("id-2", Kind.EXPIRED);
    Ledger ledger = ledger();
    assertThat(ledger.keep(expired)).isTrue();
    assertThat(ledger.keep(expired)).isFalse();
    assertThat(Ledger.parse(ledger.data()).kept()).containsExactly(expired);
    ledger.settle(expired, "webhook");
    assertThat(Ledger.parse(ledger.data()).kept()).containsExactly(expired);
    ledger.settle(expired, "mail");
    assertThat(ledger.kept()).isEmpty();
    assertThat(ledger.data().get("id-2")).doesNotContain("alice");
    assertThat(ledger.keep(expired)).as("settled").isFalse();
  }

  @Test
  @DisplayName("what another process has written is not lost")
  void merge() {
    Ledger ledger = ledger();
    ledger.settle(notice, "mail");
    Ledger other = ledger();
    other.settle(notice, "webhook");
    ledger.merge(other);
    assertThat(ledger.isOpen(notice, "mail")).isFalse();
    assertThat(ledger.isOpen(notice, "webhook")).isFalse();
  }

  @Test
  @DisplayName("what cannot be derived any more is dropped, and nothing else")
  void prune() {
    Ledger ledger = ledger();
    ledger.settle(notice, "mail");
    ledger.prune(notice.until());
    assertThat(ledger.size()).isEqualTo(1);
    ledger.prune(notice.until().plusSeconds(600));
    assertThat(ledger.size()).isZero();
  }

  @Test
  @DisplayName("the data is below 1 MiB, and loses the entries that end first")
  void bounded() {
    Ledger ledger = ledger();
    for (int i = 0; i < 20_000; i++) {
      Notice any =
          notice("%032d".formatted(i), Kind.EXPIRED, "alice@example.com", NOON.plusSeconds(i));
      if (i % 10 == 0) {
        ledger.keep(any);
      }
      ledger.settle(any, "webhook");
    }
    Map<String, String> data = ledger.data();
    assertThat(KubeGson.gson().toJson(data).length()).isLessThan(1024 * 1024);
    assertThat(data)
        .containsKey("%032d".formatted(19_999))
        .containsKey("since.mail")
        .doesNotContainKey("%032d".formatted(0));
  }

  @Test
  @DisplayName("entries that nobody can read are lost, and the others are not")
  void unreadable() {
    Ledger ledger =
        Ledger.parse(
            Map.of(
                "since.webhook", "2026-01-01T00:00:00Z",
                "since.mail", "yesterday",
                "id-1", "1795700000 webhook",
                "id-2", "",
                "id-3", "x y",
                "id-4", "1795700000 mail {\"kind\": \"OTHER\"}",
                "id-5", "1795700000 mail {"));
    assertThat(ledger.isOpen(notice, "webhook")).isFalse();
    assertThat(ledger.isOpen(notice("id-2", Kind.EXPIRED), "webhook")).isTrue();
    assertThat(ledger.kept()).isEmpty();
  }

  private static Ledger ledger() {
    Ledger ledger = new Ledger();
    ledger.setSinks(SINKS, NOON.minusSeconds(60));
    return ledger;
  }
}
