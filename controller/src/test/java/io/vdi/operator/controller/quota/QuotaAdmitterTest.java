package io.vdi.operator.controller.quota;

import static org.assertj.core.api.Assertions.assertThat;

import io.helidon.metrics.api.Gauge;
import io.helidon.metrics.api.Meter;
import io.helidon.metrics.api.MeterRegistry;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.quota.QuotaLimits;
import io.vdi.operator.common.quota.QuotaScope;
import io.vdi.operator.common.quota.ResourceAmounts;
import io.vdi.operator.controller.session.FakeCluster;
import io.vdi.operator.controller.session.plan.ObservedSession;
import io.vdi.operator.controller.session.plan.ObservedSessions;
import io.vdi.operator.controller.session.plan.QuotaWait;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class QuotaAdmitterTest {
  /** Has no gauges of other tests: meters with a label named scope cannot be removed. */
  private static final String METERED = "metered@example.com";

  /** A session that is resumed, before its first pass. */
  private static final String SLEPT = "}, \"status\": {\"phase\": \"Suspended\"";

  private final FakeCluster cluster = FakeCluster.watched();

  private final MeterRegistry meters = FakeCluster.emptyMeters();
  private QuotaLimits limits = gpusPerUser(QuotaLimits.Mode.REJECT, 1);
  private final QuotaAdmitter quota =
      new QuotaAdmitter(cluster.caches, () -> limits, cluster.clock(), meters);

  @BeforeEach
  void putTemplate() {
    cluster.putTemplate("");
  }

  @AfterEach
  void close() {
    cluster.close();
  }

  @Test
  void withoutALimitEverySessionIsAdmitted() {
    limits = new QuotaLimits(QuotaLimits.Mode.REJECT, Map.of());
    assertThat(admit(session("first"))).isEmpty();
    assertThat(admit(session("second"))).isEmpty();
    assertThat(gauge("vdi_quota_waiting")).isZero();
  }

  @Test
  void anAdmittedSessionUsesItsShareBeforeItsPodExists() {
    assertThat(admit(session("first"))).isEmpty();
    assertThat(admit(session("second")))
        .contains("GPU quota exceeded for user alice@example.com: used 1, requested 1, limit 1");
    assertThat(gauge("vdi_quota_waiting")).isEqualTo(1);
  }

  @Test
  void anAdmissionWithoutAPodEndsAfterAMinute() {
    admit(session("first"));
    VdiSession second = session("second");
    cluster.setTime(cluster.now().plus(Duration.ofSeconds(59)));
    assertThat(admit(second)).isPresent();
    cluster.setTime(cluster.now().plus(Duration.ofSeconds(2)));
    cluster.removeSession(cluster.caches.sessions().get("desks", "first").orElseThrow());
    assertThat(admit(second)).isEmpty();
  }

  @Test
  void aReleasedAdmissionIsFree() {
    VdiSession first = session("first");
    admit(first);
    quota.release(first.uid());
    cluster.putSession("first", "alice@example.com", ", \"suspended\": true");
    assertThat(admit(session("second"))).isEmpty();
  }

  @Test
  void aPodUsesTheQuotaUntilItIsFinished() {
    VdiSession first = session("first");
    cluster.putChild(ResourceType.POD, "first", first, "{\"phase\": \"Running\"}");
    limits = sessionsPerUser(1);
    VdiSession second = session("second");
    assertThat(admit(second))
        .contains(
            "Session quota exceeded for user alice@example.com: used 1, requested 1, limit 1");
    cluster.putChild(ResourceType.POD, "first", first, "{\"phase\": \"Failed\"}");
    assertThat(admit(second)).isEmpty();
  }

  @Test
  void aDesktopThatMovesAwayFromADrainedNodeKeepsItsShare() {
    String moving =
        "}, \"status\": {\"phase\": \"Pending\", \"conditions\": [{\"type\": \"NodeDraining\","
            + " \"status\": \"True\", \"reason\": \"Moving\"}]";
    VdiSession first = cluster.putSession("first", "alice@example.com", moving);
    VdiSession second = session("second");
    assertThat(admit(second)).as("without a pod").isPresent();
    cluster.putChild(ResourceType.POD, "first", first, "{\"phase\": \"Succeeded\"}");
    limits = sessionsPerUser(1);
    assertThat(admit(second)).as("with a pod that has stopped").isPresent();
    cluster.server.remove(ResourceType.POD, "desks", "first");
    limits = sessionsPerUser(0);
    assertThat(admit(first)).as("itself, also after the limit was lowered").isEmpty();
  }

  @Test
  void inModeQueueTheMessageContainsThePositionOfTheFirstTen() {
    limits = gpusPerUser(QuotaLimits.Mode.QUEUE, 1);
    admit(session("s00"));
    for (int i = 1; i <= 11; i++) {
      Optional<String> wait = admit(session("s%02d".formatted(i)));
      assertThat(wait).isPresent();
      if (i <= 10) {
        assertThat(wait.get()).endsWith("; number " + i + " in line");
      } else {
        assertThat(wait.get()).endsWith("; more than 10 in line before it");
      }
    }
  }

  @Test
  void resumedSessionsStartInTheOrderOfTheirResumes() {
    limits = gpusPerUser(QuotaLimits.Mode.QUEUE, 1);
    VdiSession older = cluster.putSession("older", "alice@example.com", SLEPT);
    VdiSession younger = cluster.putSession("younger", "alice@example.com", SLEPT);
    quota.resumed(younger);
    quota.resumed(older);
    assertThat(admit(session("running"))).isEmpty();
    assertThat(admit(session("created")).orElseThrow()).endsWith("; number 1 in line");
    // The pass of the session that was resumed last can be the first.
    assertThat(admit(older).orElseThrow()).endsWith("; number 3 in line");
    assertThat(admit(younger).orElseThrow()).endsWith("; number 2 in line");
    quota.dequeue(observed(older));
    quota.resumed(older);
    assertThat(admit(older).orElseThrow()).as("resumed again").endsWith("; number 3 in line");
  }

  @Test
  void theFirstPassOfALaterResumeTakesNoPlaceOfAnEarlierOne() {
    limits = gpusPerUser(QuotaLimits.Mode.QUEUE, 1);
    VdiSession first = cluster.putSession("first", "alice@example.com", SLEPT);
    VdiSession second = cluster.putSession("second", "alice@example.com", SLEPT);
    quota.resumed(second);
    quota.resumed(first);
    assertThat(admit(first)).isPresent();
    assertThat(admit(second)).isEmpty();
  }

  @Test
  void aNewLeaderKeepsTheOrderOfTheStatus() {
    limits = gpusPerUser(QuotaLimits.Mode.QUEUE, 1);
    VdiSession older = waitingSince("older", "2026-01-01T11:50:00Z");
    VdiSession younger = waitingSince("younger", "2026-01-01T11:40:00Z");
    VdiSession last = cluster.putSession("last", "alice@example.com", SLEPT);
    admit(session("running"));
    assertThat(admit(last).orElseThrow()).endsWith("; number 3 in line");
    assertThat(admit(older).orElseThrow()).endsWith("; number 2 in line");
    assertThat(admit(younger).orElseThrow()).endsWith("; number 1 in line");
    assertThat(quota.admit(observed(older)).quotaWait().orElseThrow().since())
        .isEqualTo("2026-01-01T11:50:00Z");
  }

  private VdiSession waitingSince(String name, String time) {
    return cluster.putSession(
        name,
        "alice@example.com",
        "}, \"status\": {\"phase\": \"Pending\", \"conditions\": [{\"type\": \"QuotaAdmitted\","
            + " \"status\": \"False\", \"lastTransitionTime\": \""
            + time
            + "\"}]");
  }

  @Test
  void aSessionThatNeverFitsIsPassedBy() {
    limits = gpusPerUser(QuotaLimits.Mode.QUEUE, 1);
    VdiSession huge =
        cluster.putSession("huge", "alice@example.com", ", \"resources\": {\"gpu\": 2}");
    assertThat(admit(huge))
        .contains(
            "GPU quota exceeded for user alice@example.com: used 0, requested 2, limit 1; the"
                + " request alone is above the limit: lower it, or raise the limit");
    assertThat(admit(session("small"))).isEmpty();
  }

  @Test
  void onlySessionsWhoseMessageChangesAreDue() {
    VdiSession first = session("first");
    admit(first);
    VdiSession second = session("second");
    VdiSession third = session("third");
    admit(second);
    admit(third);
    assertThat(quota.due()).isEmpty();
    quota.release(first.uid());
    cluster.putSession("first", "alice@example.com", ", \"suspended\": true");
    assertThat(quota.due()).as("one GPU is free").contains(SessionKey.of(second));
  }

  @Test
  void aDequeuedOrForgottenSessionDoesNotWait() {
    admit(session("first"));
    VdiSession second = session("second");
    admit(second);
    quota.dequeue(observed(second));
    assertThat(gauge("vdi_quota_waiting")).isZero();
    admit(second);
    quota.forget(second.uid());
    assertThat(gauge("vdi_quota_waiting")).isZero();
    assertThat(quota.due()).isEmpty();
  }

  @Test
  void theGaugesShowUseAndLimitAfterTheFirstRequest() {
    assertThat(gaugesOfUser("vdi_quota_used")).isEmpty();
    admit(cluster.putSession("first", METERED, ""));
    assertThat(gaugesOfUser("vdi_quota_used")).containsExactly(Map.entry("gpus", 1.0));
    assertThat(gaugesOfUser("vdi_quota_limit")).containsExactly(Map.entry("gpus", 1.0));
    limits = new QuotaLimits(QuotaLimits.Mode.REJECT, Map.of());
    assertThat(gaugesOfUser("vdi_quota_limit"))
        .containsExactly(Map.entry("gpus", Double.POSITIVE_INFINITY));
  }

  private Optional<String> admit(VdiSession session) {
    return quota.admit(observed(session)).quotaWait().map(QuotaWait::message);
  }

  private ObservedSession observed(VdiSession session) {
    return ObservedSessions.of(session, cluster.caches.templates().get("", "ubuntu"), Map.of());
  }

  private VdiSession session(String name) {
    return cluster.putSession(name, "alice@example.com", "");
  }

  private double gauge(String name) {
    return meters.gauge(name, List.of()).map(QuotaAdmitterTest::value).orElseThrow();
  }

  /** The values of the gauges of user {@link #METERED}, by resource. */
  private Map<String, Double> gaugesOfUser(String name) {
    Map<String, Double> values = new HashMap<>();
    for (Meter meter : meters.meters()) {
      Map<String, String> tags = meter.id().tagsMap();
      if (meter instanceof Gauge<?> gauge
          && meter.id().name().equals(name)
          && "user".equals(tags.get("scope"))
          && METERED.equals(tags.get("name"))) {
        values.put(tags.get("resource"), value(gauge));
      }
    }
    return values;
  }

  private static double value(Gauge<?> gauge) {
    return gauge.value().doubleValue();
  }

  private static QuotaLimits gpusPerUser(QuotaLimits.Mode mode, long gpus) {
    return perUser(
        mode, new ResourceAmounts(ResourceAmounts.UNLIMITED, gpus, ResourceAmounts.UNLIMITED));
  }

  private static QuotaLimits sessionsPerUser(long sessions) {
    return perUser(
        QuotaLimits.Mode.REJECT,
        new ResourceAmounts(sessions, ResourceAmounts.UNLIMITED, ResourceAmounts.UNLIMITED));
  }

  private static QuotaLimits perUser(QuotaLimits.Mode mode, ResourceAmounts limit) {
    return new QuotaLimits(
        mode, Map.of(QuotaScope.USER, new QuotaLimits.ScopeLimits(limit, Map.of())));
  }
}
