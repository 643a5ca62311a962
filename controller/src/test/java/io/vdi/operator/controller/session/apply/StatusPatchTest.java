package io.vdi.operator.controller.session.apply;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.VdiSession;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class StatusPatchTest {
  @Test
  void everyFieldOfTheControllerIsSet() {
    Instant start = Instant.parse("2026-01-01T12:00:00Z");
    VdiSession.Status status =
        new VdiSession.Status(
            Phase.RUNNING,
            "desk",
            "https://alice.vdi.example.com",
            start,
            start.plusSeconds(3600),
            start.plusSeconds(10),
            2,
            "hello",
            3,
            List.of(new Condition("Ready", "True", "DesktopReady", "", start, 3)));
    assertThat(StatusPatch.of(status))
        .isEqualTo(
            JsonParser.parseString(
                """
                {"phase": "Running", "podName": "desk", "url": "https://alice.vdi.example.com",
                 "startTime": "2026-01-01T12:00:00Z", "expiresAt": "2026-01-01T13:00:00Z", "restarts": 2,
                 "message": "hello", "observedGeneration": 3,
                 "conditions": [{"type": "Ready", "status": "True", "reason": "DesktopReady",
                   "message": "", "lastTransitionTime": "2026-01-01T12:00:00Z",
                   "observedGeneration": 3}]}
                """));
  }

  @Test
  void absentValuesAreNullSoThatTheMergePatchRemovesThem() {
    assertThat(StatusPatch.of(VdiSession.Status.EMPTY))
        .isEqualTo(
            JsonParser.parseString(
                """
                {"phase": null, "podName": null, "url": null, "startTime": null,
                 "expiresAt": null, "restarts": null, "message": null, "observedGeneration": 0, "conditions": []}
                """));
  }

  @Test
  void theFieldOfTheReaperIsNotInThePatch() {
    Instant activity = Instant.parse("2026-01-01T12:00:00Z");
    VdiSession.Status status =
        new VdiSession.Status(Phase.RUNNING, "", "", null, null, activity, 0, "", 1, List.of());
    assertThat(StatusPatch.of(status).keySet()).doesNotContain("lastActivityTime");
  }
}
