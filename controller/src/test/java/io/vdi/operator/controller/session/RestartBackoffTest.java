package io.vdi.operator.controller.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.controller.session.plan.PodHistory.EndedPod;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RestartBackoffTest {
  private final RestartBackoff backoff = new RestartBackoff();
  private Instant now = Instant.parse("2026-01-01T12:00:00Z");
  private int uids;

  @Test
  void eachEndDoublesTheDelayUpToFiveMinutes() {
    assertThat(end()).isEqualTo(Duration.ofSeconds(1));
    assertThat(end()).isEqualTo(Duration.ofSeconds(2));
    assertThat(end()).isEqualTo(Duration.ofSeconds(4));
    for (int i = 0; i < 20; i++) {
      end();
    }
    assertThat(end()).isEqualTo(Duration.ofMinutes(5));
  }

  @Test
  void theSameEndedPodCountsOnceAndIsRememberedUntilAnotherOneRuns() {
    Pod pod = pod("Failed");
    Optional<EndedPod> first = backoff.observe(Optional.of(pod), now);
    now = now.plusSeconds(1);
    assertThat(backoff.observe(Optional.of(pod), now)).isEqualTo(first);
    assertThat(backoff.observe(Optional.empty(), now)).isEqualTo(first);
    assertThat(backoff.observe(Optional.of(pod("Pending")), now)).isEmpty();
    assertThat(backoff.observe(Optional.empty(), now)).isEmpty();
  }

  @Test
  void tenMinutesOfBeingReadyResetTheDelay() {
    end();
    end();
    Pod ready = ready(now);
    backoff.observe(Optional.of(ready), now.plus(Duration.ofMinutes(9)));
    assertThat(end()).isEqualTo(Duration.ofSeconds(4));
    backoff.observe(Optional.of(ready(now)), now.plus(Duration.ofMinutes(10)));
    assertThat(end()).isEqualTo(Duration.ofSeconds(1));
  }

  @Test
  void suspendResetsTheDelay() {
    end();
    backoff.reset();
    assertThat(backoff.observe(Optional.empty(), now)).isEmpty();
    assertThat(end()).isEqualTo(Duration.ofSeconds(1));
  }

  @Test
  void aPodThatIsDeletedDoesNotCount() {
    Pod drained =
        KubeGson.gson()
            .fromJson(
                "{metadata: {name: desk, uid: u, deletionTimestamp: '2026-01-01T12:00:00Z'},"
                    + " status: {phase: Succeeded}}",
                Pod.class);
    assertThat(backoff.observe(Optional.of(drained), now)).isEmpty();
    assertThat(backoff.observe(Optional.empty(), now)).isEmpty();
    assertThat(end()).isEqualTo(Duration.ofSeconds(1));
  }

  @Test
  void theMessageHasTheReasonOfTheNode() {
    assertThat(backoff.observe(Optional.of(pod("Failed")), now))
        .get()
        .extracting(EndedPod::reason, EndedPod::message)
        .containsExactly("Evicted", "the pod ended: Evicted: low on memory");
  }

  private Duration end() {
    return Duration.between(
        now, backoff.observe(Optional.of(pod("Failed")), now).orElseThrow().notBefore());
  }

  private Pod pod(String phase) {
    return parse("status: {phase: " + phase + ", reason: Evicted, message: 'low on memory'}");
  }

  private Pod ready(Instant since) {
    return parse(
        "status: {phase: Running, conditions: [{type: Ready, status: 'True', lastTransitionTime: '"
            + since
            + "'}]}");
  }

  private Pod parse(String status) {
    return KubeGson.gson()
        .fromJson("{metadata: {name: desk, uid: u" + uids++ + "}, " + status + "}", Pod.class);
  }
}
