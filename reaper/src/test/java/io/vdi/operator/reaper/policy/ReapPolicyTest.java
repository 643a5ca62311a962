package io.vdi.operator.reaper.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.OwnerReference;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReapPolicyTest {
  private static final Instant NOON = SessionBuilder.NOON;

  private final SessionBuilder sample = new SessionBuilder();

  @Test
  void aTimeoutIsWarnedOfTenMinutesBeforeAndMetInItsSecond() {
    Instant end = NOON.plus(Duration.ofHours(8));
    assertEquals(Verdict.Keep.until(end.minusSeconds(600)), sample.judge(end.minusSeconds(601)));
    assertEquals(
        new Verdict.Warn(
            ReapReason.TIMEOUT,
            end,
            "ends at 2026-03-01T20:00:00Z, when its timeout of 8h is over; raise spec.timeout to go"
                + " on",
            end),
        sample.judge(end.minusSeconds(600)));
    assertInstanceOf(Verdict.Warn.class, sample.judge(end.minusNanos(1)));
    assertEquals(
        new Verdict.Expire(ReapReason.TIMEOUT, end, "its timeout of 8h is over"),
        sample.judge(end));
  }

  @Test
  void theTemplatesMaximumCounts() {
    sample.maxTimeout = Optional.of("2h");
    assertEquals(
        new Verdict.Expire(
            ReapReason.TIMEOUT,
            NOON.plusSeconds(7200),
            "the 2h are over that its template allows at most"),
        sample.judge(NOON.plusSeconds(7200)));
  }

  @Test
  void withoutItsTemplateItsOwnWordCountsElseTheControllers() {
    sample.template = false;
    assertInstanceOf(Verdict.Expire.class, sample.judge(NOON.plusSeconds(8 * 3600)));
    sample.timeout = Optional.empty();
    assertEquals(
        new Verdict.Unknown(
            "how long it may run is not known: it names no timeout, and template ubuntu is"
                + " missing"),
        sample.judge(NOON.plusSeconds(80 * 3600)));
    sample.expiresAt = Optional.of(NOON.plusSeconds(60));
    assertInstanceOf(Verdict.Expire.class, sample.judge(NOON.plusSeconds(60)));
  }

  @Test
  void anIllegalTimeoutIsADoubt() {
    sample.timeout = Optional.of("soon");
    assertInstanceOf(Verdict.Unknown.class, sample.judge(NOON.plus(Duration.ofDays(365))));
  }

  @Test
  void idleOnlyOnFreshKnowledgeOfTheWholeTime() {
    sample.idleTimeout = Optional.of("30m");
    Instant end = NOON.plusSeconds(1800);
    sample.activity = new Activity.Idle(NOON, end);
    assertEquals(
        new Verdict.Expire(ReapReason.IDLE, end, "nobody has been connected for 30m"),
        sample.judge(end));
    sample.activity = new Activity.Idle(NOON, end.minusSeconds(1));
    assertInstanceOf(Verdict.Keep.class, sample.judge(end));
    sample.activity = new Activity.Idle(NOON, end);
    assertInstanceOf(Verdict.Keep.class, sample.judge(end.plusSeconds(11)));
    sample.activity = new Activity.Connected(end);
    assertInstanceOf(Verdict.Keep.class, sample.judge(end));
    sample.activity = new Activity.Unknown();
    assertInstanceOf(Verdict.Keep.class, sample.judge(end));
  }

  @Test
  void idleIsWarnedOfHalfWayWhereItIsShort() {
    sample.idleTimeout = Optional.of("10m");
    sample.activity = new Activity.Idle(NOON, NOON);
    assertEquals(Verdict.Keep.until(NOON.plusSeconds(300)), sample.judge(NOON.plusSeconds(299)));
    assertInstanceOf(Verdict.Warn.class, sample.judge(NOON.plusSeconds(300)));
  }

  @Test
  void failedForTooLongByTheControllersWordElseByOurOwn() {
    sample.phase = Optional.of(Phase.FAILED);
    sample.started = Optional.empty();
    sample.failedSeen = Optional.of(NOON.plusSeconds(500));
    Instant ours = NOON.plusSeconds(500).plus(Duration.ofHours(24));
    assertInstanceOf(Verdict.Warn.class, sample.judge(ours.minusSeconds(1)));
    assertInstanceOf(Verdict.Expire.class, sample.judge(ours));
    sample.failedCondition = Optional.of(NOON);
    assertEquals(
        new Verdict.Expire(
            ReapReason.FAILED, NOON.plus(Duration.ofHours(24)), "it has been Failed for 24h"),
        sample.judge(NOON.plus(Duration.ofHours(24))));
  }

  @Test
  void neverStartedCountsFromThePodsPlacement() {
    sample.phase = Optional.of(Phase.CREATING);
    sample.started = Optional.empty();
    Instant end = NOON.plusSeconds(630);
    assertInstanceOf(Verdict.Expire.class, withPod(end));
    assertInstanceOf(Verdict.Warn.class, withPod(end.minusSeconds(1)));
    assertEquals(Verdict.Keep.FOR_NOW, sample.judge(end));
  }

  private Verdict withPod(Instant now) {
    Pod pod =
        KubeGson.gson()
            .fromJson(
                """
                {"spec": {"nodeName": "n"}, "status": {"phase": "Pending", "conditions": [
                  {"type": "PodScheduled", "status": "True", "lastTransitionTime": "2026-03-01T12:00:30Z"}]}}
                """,
                Pod.class);
    Candidate.Session seen = sample.candidate();
    return ReapPolicy.judge(
        new Candidate.Session(
            seen.session(),
            seen.template(),
            Optional.of(
                new Pod(
                    SessionBuilder.object(ResourceType.POD, Optional.of("uid-1"), Map.of()),
                    pod.spec(),
                    pod.status())),
            seen.activity(),
            seen.failedSeen()),
        now,
        SessionBuilder.RULES);
  }

  @Test
  void whoeverIsSuspendedOrKeptRests() {
    sample.suspended = true;
    assertEquals(Verdict.Keep.FOR_NOW, sample.judge(NOON.plus(Duration.ofDays(99))));
    sample.suspended = false;
    sample.keep = true;
    assertEquals(Verdict.Keep.FOR_NOW, sample.judge(NOON.plus(Duration.ofDays(99))));
  }

  @Test
  void whoDoesNotGoIsStuck() {
    sample.deleted = Optional.of(NOON);
    assertEquals(Verdict.Keep.until(NOON.plusSeconds(600)), sample.judge(NOON.plusSeconds(599)));
    assertInstanceOf(Verdict.Stuck.class, sample.judge(NOON.plusSeconds(600)));
  }

  @Test
  void anObjectWhoseSessionIsGoneGoesAfterTheGracePeriod() {
    for (ResourceType<?> kind :
        List.of(
            ResourceType.POD,
            ResourceType.SECRET,
            ResourceType.SERVICE,
            ResourceType.INGRESS_ROUTE,
            ResourceType.INGRESS)) {
      for (Optional<String> owner : List.of(Optional.<String>empty(), Optional.of("uid-0"))) {
        ObjectMeta object = SessionBuilder.object(kind, owner, Map.of());
        assertEquals(
            Verdict.Keep.until(NOON.plusSeconds(600)), child(kind, object, NOON.plusSeconds(599)));
        assertInstanceOf(Verdict.Orphan.class, child(kind, object, NOON.plusSeconds(600)));
      }
    }
    ObjectMeta claim =
        SessionBuilder.object(ResourceType.PERSISTENT_VOLUME_CLAIM, Optional.of("uid-0"), Map.of());
    assertInstanceOf(
        Verdict.Orphan.class,
        child(ResourceType.PERSISTENT_VOLUME_CLAIM, claim, NOON.plusSeconds(600)));
  }

  @Test
  void itsOwnSessionSavesItAndAnotherOfTheSameNameDoesNot() {
    Instant late = NOON.plus(Duration.ofDays(9));
    Candidate own =
        new Candidate.Child(
            ResourceType.POD,
            SessionBuilder.object(ResourceType.POD, Optional.of("uid-1"), Map.of()),
            Optional.of(sample.session()),
            NOON);
    assertEquals(Verdict.Keep.FOR_NOW, ReapPolicy.judge(own, late, SessionBuilder.RULES));
    Candidate former =
        new Candidate.Child(
            ResourceType.POD,
            SessionBuilder.object(ResourceType.POD, Optional.of("uid-0"), Map.of()),
            Optional.of(sample.session()),
            NOON);
    assertInstanceOf(Verdict.Orphan.class, ReapPolicy.judge(former, late, SessionBuilder.RULES));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "app.kubernetes.io/managed-by",
        "app.kubernetes.io/name",
        "app.kubernetes.io/instance",
        "vdi.kasm.io/user",
        "annotation",
        "name",
        "owner",
        "another owner"
      })
  void withOneMarkMissingItIsNotOurs(String missing) {
    ObjectMeta object = SessionBuilder.object(ResourceType.POD, Optional.empty(), Map.of());
    Map<String, String> labels = new HashMap<>(object.labels());
    labels.computeIfPresent(missing, (key, value) -> value + "-x");
    Map<String, String> annotations =
        missing.equals("annotation")
            ? Map.of(Annotations.USER, "eve@example.com")
            : object.annotations();
    List<OwnerReference> owners =
        switch (missing) {
          case "owner" ->
              List.of(new OwnerReference("apps/v1", "ReplicaSet", "desk", "uid-rs", true));
          case "another owner" ->
              List.of(new OwnerReference("v1", "ConfigMap", "desk", "uid-cm", false));
          default -> List.of();
        };
    ObjectMeta changed =
        new ObjectMeta(
            missing.equals("name") ? "desk-2" : "desk",
            "ns",
            "u",
            "1",
            1,
            NOON,
            null,
            labels,
            annotations,
            List.of(),
            owners);
    assertEquals(
        Verdict.Keep.FOR_NOW, child(ResourceType.POD, changed, NOON.plus(Duration.ofDays(99))));
  }

  @Test
  void aHomeIsNotedWhenItIsFoundWithoutItsSessionAndGoesThirtyDaysLater() {
    assertEquals(new Verdict.Note(Optional.of(NOON)), home(Optional.empty(), Map.of(), NOON));
    Map<String, String> noted = Map.of(Annotations.RELEASED_AT, NOON.toString());
    Instant end = NOON.plus(Duration.ofDays(30));
    assertEquals(Verdict.Keep.until(end), home(Optional.empty(), noted, end.minusSeconds(1)));
    assertEquals(
        new Verdict.Orphan(
            ReapReason.HOME_RETENTION, end, "no session has had it since 2026-03-01T12:00:00Z"),
        home(Optional.empty(), noted, end));
  }

  @Test
  void aHomeBelongsToTheSameUsersSessionOnly() {
    Map<String, String> noted = Map.of(Annotations.RELEASED_AT, NOON.toString());
    Instant end = NOON.plus(Duration.ofDays(31));
    assertEquals(
        new Verdict.Note(Optional.empty()), home(Optional.of(sample.session()), noted, end));
    assertEquals(Verdict.Keep.FOR_NOW, home(Optional.of(sample.session()), Map.of(), end));
    VdiSession eves =
        KubeGson.gson()
            .fromJson(
                "{metadata: {name: desk, uid: e}, spec: {user: eve@example.com}}",
                VdiSession.class);
    assertInstanceOf(Verdict.Orphan.class, home(Optional.of(eves), noted, end));
  }

  @Test
  void anUnreadableNoteIsMadeAnew() {
    assertEquals(
        new Verdict.Note(Optional.of(NOON)),
        home(Optional.empty(), Map.of(Annotations.RELEASED_AT, "long ago"), NOON));
  }

  @Test
  void keepSavesEverything() {
    Instant late = NOON.plus(Duration.ofDays(99));
    Map<String, String> keep =
        Map.of(Annotations.KEEP, "true", Annotations.RELEASED_AT, NOON.toString());
    assertEquals(Verdict.Keep.FOR_NOW, home(Optional.empty(), keep, late));
    assertEquals(
        Verdict.Keep.FOR_NOW,
        child(
            ResourceType.POD,
            SessionBuilder.object(ResourceType.POD, Optional.empty(), keep),
            late));
  }

  @Test
  void retentionZeroIsForEver() {
    RetentionConfig forEver =
        new RetentionConfig(
            Duration.ofMinutes(10),
            Duration.ZERO,
            true,
            Duration.ofMinutes(10),
            Duration.ofMinutes(10),
            Duration.ZERO);
    Candidate home =
        new Candidate.Home(
            SessionBuilder.object(
                ResourceType.PERSISTENT_VOLUME_CLAIM,
                Optional.empty(),
                Map.of(Annotations.RELEASED_AT, NOON.toString())),
            Optional.empty());
    Instant late = NOON.plus(Duration.ofDays(9999));
    assertEquals(Verdict.Keep.FOR_NOW, ReapPolicy.judge(home, late, forEver));
    sample.phase = Optional.of(Phase.FAILED);
    sample.started = Optional.empty();
    sample.failedCondition = Optional.of(NOON);
    assertTrue(ReapPolicy.judge(sample.candidate(), late, forEver) instanceof Verdict.Keep);
  }

  private static Verdict child(ResourceType<?> kind, ObjectMeta object, Instant now) {
    return ReapPolicy.judge(
        new Candidate.Child(kind, object, Optional.empty(), NOON), now, SessionBuilder.RULES);
  }

  private static Verdict home(
      Optional<VdiSession> session, Map<String, String> annotations, Instant now) {
    return ReapPolicy.judge(
        new Candidate.Home(
            SessionBuilder.object(
                ResourceType.PERSISTENT_VOLUME_CLAIM, Optional.empty(), annotations),
            session),
        now,
        SessionBuilder.RULES);
  }
}
