package io.vdi.operator.reaper;

import static io.vdi.operator.reaper.TestReaper.REAPER;
import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.testing.RunningService;
import io.vdi.operator.devcluster.testing.SessionFixture;
import io.vdi.operator.devcluster.testing.TestTemplates;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Schedules on a real API server. The windows have boundaries some minutes ago, which the reaper
 * carries out as after an outage.
 */
@ExtendWith(ClusterExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ScheduleIT {
  private static final String EVERY_DAY = "days: [Mon, Tue, Wed, Thu, Fri, Sat, Sun]";
  private static final Duration QUIET = Duration.ofSeconds(6);

  private final Cluster cluster;
  private final TestNamespace namespace;
  private final KubeClient api;
  private RunningService reaper;

  ScheduleIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.api = api;
    this.namespace = namespace.withPatience(TestReaper.PATIENCE);
  }

  @BeforeAll
  void start() {
    TestReaper.install(cluster);
    TestTemplates.apply(api, "course", "timeout: 99h, " + schedule("start: \"%s\"", 2));
    TestTemplates.apply(api, "evening", "timeout: 99h, " + schedule("stop: \"%s\"", 2));
    reaper =
        REAPER
            .withConfigFile(
                TestReaper.WITHOUT_SWEEPS + "warningBefore: 6s\nschedule: {startSpread: 2s}\n")
            .start(cluster);
  }

  @AfterAll
  void stop() {
    reaper.close();
  }

  @Test
  void resumesAtTheStartAndOnlyOnce() {
    SessionFixture session = suspended("student", "template: course");
    session.awaitUntil("resumed", s -> !s.spec().suspended());
    session.awaitEvent("SessionResumed");
    assertThat(session.get().metadata().annotation(Annotations.SCHEDULE_APPLIED)).isPresent();
    assertThat(reaper.metric("vdi_schedule_starts_total")).isPositive();
    // The controller has not observed that the session was resumed when its user suspends it again.
    session.suspend();
    session.awaitUnchangedFor(QUIET);
    assertThat(session.get().spec().suspended()).isTrue();
  }

  @Test
  void resumesNothingOnAHolidayAfterTheDeadlineOrWithoutASchedule() {
    OffsetDateTime now = OffsetDateTime.now(ZoneOffset.UTC);
    String holiday =
        schedule("start: \"%s\"", 2)
            .replace("}]", ", except: [\"%s\", \"%s\"]}]")
            .formatted(now.toLocalDate(), now.minusDays(1).toLocalDate());
    SessionFixture onHoliday = suspended("holiday", "template: course, " + holiday);
    SessionFixture late = suspended("late", "template: course, " + schedule("start: \"%s\"", 90));
    SessionFixture unscheduled = suspended("unscheduled", "template: course, schedule: []");
    unscheduled.awaitUnchangedFor(QUIET);
    assertThat(onHoliday.get().spec().suspended()).isTrue();
    assertThat(late.get().spec().suspended()).isTrue();
    assertThat(unscheduled.get().spec().suspended()).isTrue();
  }

  @Test
  void suspendsAtTheStopAfterAWarningAndNotWhatWasStartedAfterIt() {
    SessionFixture before =
        namespace
            .session("before")
            .createRunning("template: evening", Instant.now().minus(Duration.ofHours(1)));
    SessionFixture after =
        namespace
            .session("after")
            .createRunning("template: evening", Instant.now().minusSeconds(20));
    before.awaitUntil("suspended", s -> s.spec().suspended());
    before.awaitEvent("SessionSuspended");
    assertThat(before.countEvents("SessionExpiring")).isEqualTo(1);
    assertThat(reaper.metric("vdi_schedule_stops_total")).isPositive();
    assertThat(before.get().metadata().isDeleting()).isFalse();
    // Its user resumes it before the controller has observed the suspension.
    before.resume();
    before.awaitUnchangedFor(QUIET);
    assertThat(before.get().spec().suspended()).isFalse();
    assertThat(after.get().spec().suspended()).isFalse();
  }

  @Test
  void anExtensionPostponesTheStop() {
    SessionFixture session =
        namespace
            .session("busy")
            .createRunning("template: evening", Instant.now().minus(Duration.ofHours(1)));
    session.awaitEvent("SessionExpiring");
    Instant until = Instant.now().plusSeconds(20).truncatedTo(ChronoUnit.SECONDS);
    session.patchSpec("awakeUntil: \"%s\"".formatted(until));
    session.awaitUntil("suspended", s -> s.spec().suspended());
    assertThat(Instant.now()).isAfterOrEqualTo(until);
    assertThat(session.countEvents("SessionExpiring")).isEqualTo(2);
  }

  private SessionFixture suspended(String name, String spec) {
    SessionFixture session = namespace.session(name).create("suspended: true, " + spec);
    session.setPhase(Phase.SUSPENDED, "Suspended", Instant.now().minus(Duration.ofHours(2)));
    return session;
  }

  /** A window with a boundary each day at the time that was some minutes ago. */
  private static String schedule(String boundary, int minutesAgo) {
    LocalTime time = LocalTime.now(ZoneOffset.UTC).minusMinutes(minutesAgo);
    return "schedule: [{%s, %s, timeZone: UTC}]"
        .formatted(EVERY_DAY, boundary.formatted("%tR".formatted(time)));
  }
}
