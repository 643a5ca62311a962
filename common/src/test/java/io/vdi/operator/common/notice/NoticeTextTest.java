package io.vdi.operator.common.notice;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.notice.Notice.Kind;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** See also NoticesTest. */
class NoticeTextTest {
  private static final Instant NOON = Instant.parse("2026-11-26T12:00:00Z");

  @Test
  void aTextSaysWhatHappensWhenWhyAndWhatToDo() {
    NoticeText text = text(Kind.SLEEPS_SOON, "schedule", "https://alice.vdi.example.com");
    assertThat(text.subject()).isEqualTo("Desktop desk goes to sleep soon");
    assertThat(text.body())
        .isEqualTo(
            "Desktop desk (template ubuntu) goes to sleep at 2026-11-26T12:00:00Z: its schedule"
                + " stops it. Save your work. Extend the desktop to continue.\n\n"
                + "https://alice.vdi.example.com");
  }

  @ParameterizedTest
  @CsvSource({
    "timeout, its timeout is reached",
    "idle, nobody has used it",
    "schedule, its schedule stops it",
    "budget, a budget of GPU hours is spent",
    "suspended, it has been asleep for as long as its template allows",
    "neverStarted, it was not ready in time",
    "failed, it has failed and nobody has corrected the cause",
    "maintenance, maintenance"
  })
  void aReasonIsASentenceAndAnUnknownOneStays(String reason, String words) {
    assertThat(text(Kind.EXPIRED, reason, "").body())
        .isEqualTo(
            "Desktop desk (template ubuntu) ended at 2026-11-26T12:00:00Z: %s. If it had a home, the"
                + " home is kept.",
            words);
  }

  /** To extend a desktop that nobody uses does not help. */
  @Test
  void anIdleDesktopContinuesWithAConnection() {
    assertThat(text(Kind.SLEEPS_SOON, "idle", "").body()).endsWith("Connect to continue.");
    assertThat(text(Kind.SLEEPS_SOON, "budget", "").body())
        .endsWith("Extend the desktop to continue.");
  }

  /** What the controller and users write is no format. */
  @Test
  void wordsOfOthersAreTakenLiterally() {
    assertThat(text(Kind.NODE_DRAINING, "100% of %s: {0}\\", "https://x/%41").body())
        .endsWith("The operator reports: 100% of %s: {0}\\\n\nhttps://x/%41");
  }

  private static NoticeText text(Kind kind, String reason, String url) {
    return NoticeText.of(
        new Notice(
            "id",
            kind,
            reason,
            new SessionKey("ns", "desk"),
            "uid",
            "alice@example.com",
            "ubuntu",
            url,
            NOON,
            NOON));
  }
}
