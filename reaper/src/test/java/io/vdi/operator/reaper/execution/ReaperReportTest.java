package io.vdi.operator.reaper.execution;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import io.vdi.operator.reaper.execution.ReportEntry.State;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ReaperReportTest {
  private static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");

  private final ReaperReport report = new ReaperReport();

  @Test
  void withoutEntriesTheCountsAreZeroAndTheTableIsEmpty() {
    assertThat(report.json())
        .isEqualTo(
            JsonParser.parseString(
                """
                {"counts": {"ending": 0, "overdue": 0, "stuck": 0, "unknown": 0, "orphan": 0,
                  "home": 0}, "findings": []}
                """));
    assertThat(report.table()).isEmpty();
  }

  @Test
  void anEntryHasTheDocumentedFields() {
    report.put(
        "u",
        new ReportEntry(
            State.OVERDUE, "VDISession", "ns", "desk", Optional.of(NOON), "timeout", "too old"));
    assertThat(entries().get(0))
        .isEqualTo(
            JsonParser.parseString(
                """
                {"state": "overdue", "kind": "VDISession", "namespace": "ns", "name": "desk",
                 "due": "2026-03-01T12:00:00Z", "reason": "timeout", "message": "too old"}
                """));
  }

  @Test
  void anEntryWithoutADueTimeHasNoSuchField() {
    put("u", State.STUCK, Optional.empty());
    assertThat(entries().get(0).getAsJsonObject().has("due")).isFalse();
  }

  @Test
  void entriesAreSortedByStateThenDueTimeThenName() {
    put("home", State.HOME, Optional.of(NOON));
    put("late", State.ENDING, Optional.of(NOON.plusSeconds(1)));
    put("never", State.ENDING, Optional.empty());
    put("b", State.ENDING, Optional.of(NOON));
    put("a", State.ENDING, Optional.of(NOON));
    assertThat(entries().asList())
        .extracting(entry -> entry.getAsJsonObject().get("name").getAsString())
        .containsExactly("a", "b", "late", "never", "home");
  }

  @Test
  void aNewEntryReplacesTheFormerOneOfTheObject() {
    put("u", State.ENDING, Optional.of(NOON));
    put("u", State.OVERDUE, Optional.of(NOON));
    assertThat(entries()).hasSize(1);
    assertThat(report.overdue()).isEqualTo(1);
    report.remove("u");
    assertThat(report.overdue()).isZero();
  }

  @Test
  void theCountsAreThoseOfTheGauges() {
    put("h", State.HOME, Optional.empty());
    put("s", State.STUCK, Optional.empty());
    put("p", State.ORPHAN, Optional.empty());
    assertThat(report.homes()).isEqualTo(1);
    assertThat(report.stuck()).isEqualTo(1);
    assertThat(report.orphans("Pod")).isEqualTo(1);
    assertThat(report.orphans("Service")).isZero();
  }

  @Test
  void theReportListsAThousandEntriesAndCountsAll() {
    for (int i = 0; i < 1001; i++) {
      put("p" + i, State.ORPHAN, Optional.empty());
    }
    assertThat(entries()).hasSize(1000);
    assertThat(report.orphans("Pod")).isEqualTo(1001);
    JsonElement count = report.json().getAsJsonObject("counts").get("orphan");
    assertThat(count.getAsInt()).isEqualTo(1001);
  }

  @Test
  void theTableHasOneLinePerEntry() {
    put("desk", State.OVERDUE, Optional.of(NOON));
    put("other-desk", State.STUCK, Optional.empty());
    assertThat(report.table().lines())
        .containsExactly(
            "STATE    OBJECT            DUE                  MESSAGE",
            "overdue  Pod ns/desk       2026-03-01T12:00:00Z message",
            "stuck    Pod ns/other-desk -                    message");
  }

  private void put(String name, State state, Optional<Instant> due) {
    report.put(name, new ReportEntry(state, "Pod", "ns", name, due, "reason", "message"));
  }

  private JsonArray entries() {
    return report.json().getAsJsonArray("findings");
  }
}
