package io.vdi.operator.common.notice;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.notice.Notice.Kind;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class NoticesTest {
  private static final Instant NOON = Instant.parse("2026-11-26T12:00:00Z");
  private static final Duration HOUR = Duration.ofHours(1);
  private static final Notices.Settings SETTINGS =
      new Notices.Settings(Duration.ofMinutes(10), HOUR);
  private static final String RUNNING = "phase: Running, startTime: '2026-11-26T12:00:00Z'";

  private String metadata = "";
  private String spec = "timeout: 8h";
  private String status = RUNNING;
  private String template = "";
  private Optional<String> drainDeadline = Optional.empty();
  private Optional<Instant> idleSince = Optional.empty();

  @Test
  @DisplayName("the timeout is announced from warningBefore on, until it is long past")
  void timeout() {
    Instant end = NOON.plus(Duration.ofHours(8));
    assertThat(due(end.minusSeconds(601))).isEmpty();
    Notice notice = only(end.minusSeconds(600));
    assertThat(notice.kind()).isEqualTo(Kind.EXPIRES_SOON);
    assertThat(notice.reason()).isEqualTo("timeout");
    assertThat(notice.at()).isEqualTo(end);
    assertThat(notice.user()).isEqualTo("alice@example.com");
    assertThat(only(end.plusSeconds(3599))).isEqualTo(notice);
    assertThat(due(end.plusSeconds(3600))).isEmpty();
  }

  @Test
  @DisplayName("a short timeout is announced at its half; a longer one has another id")
  void shortTimeout() {
    spec = "timeout: 4m";
    assertThat(due(NOON.plusSeconds(119))).isEmpty();
    String id = only(NOON.plusSeconds(120)).id();
    spec = "timeout: 6m";
    assertThat(only(NOON.plusSeconds(200)).id()).isNotEqualTo(id);
  }

  @Test
  @DisplayName("a kept session is announced only at the maximum of its template")
  void kept() {
    metadata = "annotations: {'vdi.kasm.io/keep': 'true'}";
    template = "maxTimeout: 20h";
    assertThat(due(NOON.plus(Duration.ofHours(8)))).isEmpty();
    assertThat(only(NOON.plus(Duration.ofHours(20)).minusSeconds(5)).kind())
        .isEqualTo(Kind.EXPIRES_SOON);
  }

  @Test
  @DisplayName("idleness is announced only while it is known, and as the end that it is")
  void idle() {
    spec = "timeout: 8h, idleTimeout: 1h";
    Instant now = NOON.plus(Duration.ofMinutes(125));
    assertThat(due(now)).isEmpty();
    idleSince = Optional.of(NOON.plus(Duration.ofMinutes(70)));
    Notice notice = only(now);
    assertThat(notice.kind()).isEqualTo(Kind.SLEEPS_SOON);
    assertThat(notice.at()).isEqualTo(NOON.plus(Duration.ofMinutes(130)));
    template = "idleAction: Delete";
    assertThat(only(now).kind()).isEqualTo(Kind.EXPIRES_SOON);
    idleSince = Optional.of(NOON.minus(HOUR));
    assertThat(only(NOON.plus(Duration.ofMinutes(55))).at())
        .as("idleness before the start does not count")
        .isEqualTo(NOON.plus(HOUR));
  }

  @Test
  @DisplayName("a stop of the schedule is announced once it is near, and not once it is applied")
  void schedule() {
    template = "schedule: [{days: [Thu], stop: '18:00', timeZone: UTC}]";
    Instant now = Instant.parse("2026-11-26T17:55:00Z");
    assertThat(only(now).kind()).isEqualTo(Kind.SLEEPS_SOON);
    assertThat(only(now).reason()).isEqualTo("schedule");
    assertThat(due(NOON)).isEmpty();
    metadata = "annotations: {'vdi.kasm.io/schedule-applied': '2026-11-26T18:00:00Z'}";
    assertThat(due(now)).isEmpty();
  }

  @Test
  @DisplayName("the user is told of a suspension by the reaper, and not of one by hand")
  void suspended() {
    spec = "suspended: true";
    status = "phase: Suspended";
    assertThat(due(NOON)).isEmpty();
    metadata =
        "annotations: {'vdi.kasm.io/suspended-by': idle, 'vdi.kasm.io/suspended-at': '2026-11-26T11:30:00Z'}";
    assertThat(only(NOON).kind()).isEqualTo(Kind.SUSPENDED);
    assertThat(only(NOON).reason()).isEqualTo("idle");
    assertThat(due(NOON.plus(HOUR))).isEmpty();
    spec = "suspended: false, timeout: 8h";
    assertThat(due(NOON)).as("resumed").isEmpty();
  }

  @Test
  @DisplayName("the end of a long suspension is announced")
  void suspendedTooLong() {
    spec = "suspended: true";
    template = "deleteAfterSuspended: 5h";
    status =
        "phase: Suspended, conditions: [{type: Suspended, status: 'True', lastTransitionTime: '2026-11-26T12:00:00Z'}]";
    Notice notice = only(NOON.plus(Duration.ofMinutes(295)));
    assertThat(notice.kind()).isEqualTo(Kind.EXPIRES_SOON);
    assertThat(notice.reason()).isEqualTo("suspended");
  }

  @Test
  @DisplayName(
      "the end by the reaper is told while the session is there, and after it; not that by a person")
  void expired() {
    metadata = "deletionTimestamp: '2026-11-26T12:00:00Z'";
    assertThat(due(NOON)).isEmpty();
    assertThat(Notices.ofDeleted(session(), SETTINGS, NOON)).isEmpty();
    metadata += ", annotations: {'vdi.kasm.io/ended-by': timeout}";
    assertThat(only(NOON.plusSeconds(3)).kind()).isEqualTo(Kind.EXPIRED);
    assertThat(Notices.ofDeleted(session(), SETTINGS, NOON.plusSeconds(9)))
        .contains(only(NOON.plusSeconds(3)));
  }

  @Test
  @DisplayName("a drain is told, and again when it has a time; a move is not")
  void draining() {
    status = RUNNING + draining("NodeCordoned");
    Notice stays = only(NOON.plusSeconds(60));
    assertThat(stays.kind()).isEqualTo(Kind.NODE_DRAINING);
    assertThat(stays.reason()).isEqualTo("node n is being drained");
    drainDeadline = Optional.of("2026-11-26T12:10:00Z");
    Notice leaves = only(NOON.plusSeconds(60));
    assertThat(leaves.id()).isNotEqualTo(stays.id());
    assertThat(leaves.at()).isEqualTo(NOON.plusSeconds(600));
    assertThat(due(NOON.plusSeconds(600))).isEmpty();
    status = RUNNING + draining("Moving");
    assertThat(due(NOON.plusSeconds(60))).isEmpty();
  }

  private static String draining(String reason) {
    return ", conditions: [{type: NodeDraining, status: 'True', reason: %s, message: 'node n is being drained', lastTransitionTime: '2026-11-26T12:00:30Z'}]"
        .formatted(reason);
  }

  @Test
  @DisplayName("room in the quota is told to a session that had to wait")
  void quotaFreed() {
    String condition =
        "conditions: [{type: QuotaAdmitted, status: '%s', lastTransitionTime: '2026-11-26T12:00:00Z'}]";
    status = "phase: Pending, " + condition.formatted("False");
    assertThat(due(NOON)).isEmpty();
    status = "phase: Creating, " + condition.formatted("True");
    assertThat(only(NOON.minusSeconds(1)).kind()).isEqualTo(Kind.QUOTA_FREED);
    assertThat(due(NOON.plus(HOUR))).isEmpty();
  }

  @Test
  @DisplayName("another session of the same name has other ids")
  void idsByUid() {
    Instant soon = NOON.plus(Duration.ofHours(8));
    String id = only(soon).id();
    metadata = "uid: other";
    assertThat(only(soon).id()).isNotEqualTo(id);
  }

  @Test
  @DisplayName("each kind has a text with the session and the address")
  void texts() {
    for (Kind kind : Kind.values()) {
      Notice notice = only(NOON.plus(Duration.ofHours(8)));
      NoticeText text =
          NoticeText.of(
              new Notice(
                  notice.id(),
                  kind,
                  "idle",
                  notice.session(),
                  notice.uid(),
                  notice.user(),
                  notice.template(),
                  "https://alice.vdi.example.com",
                  notice.at(),
                  notice.until()));
      assertThat(text.subject()).contains("desk").doesNotContain("\n");
      assertThat(text.body()).contains("desk", "ubuntu", "https://alice.vdi.example.com");
    }
  }

  private Notice only(Instant now) {
    List<Notice> due = due(now);
    assertThat(due).hasSize(1);
    return due.getFirst();
  }

  private List<Notice> due(Instant now) {
    return Notices.due(
        session(),
        new Notices.Observed(
            Optional.of(
                read(
                    "{spec: {%s image: i}}".formatted(template.isEmpty() ? "" : template + ","),
                    VdiTemplate.class)),
            drainDeadline.map(at ->
                read(
                    "{metadata: {annotations: {'vdi.kasm.io/drain-deadline': '%s'}, ownerReferences: [{uid: uid-1, controller: true}]}}"
                        .formatted(at),
                    Pod.class)),
            idleSince),
        SETTINGS,
        now);
  }

  private VdiSession session() {
    String uid = metadata.contains("uid:") ? "" : "uid: uid-1, ";
    return read(
        "{metadata: {%s%s name: desk, namespace: ns}, spec: {user: alice@example.com, template: ubuntu, %s}, status: {%s}}"
            .formatted(uid, metadata.isEmpty() ? "" : metadata + ",", spec, status),
        VdiSession.class);
  }

  private static <T> T read(String json, Class<T> type) {
    return KubeGson.gson().fromJson(json, type);
  }
}
