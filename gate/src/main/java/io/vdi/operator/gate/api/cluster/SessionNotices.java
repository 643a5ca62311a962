package io.vdi.operator.gate.api.cluster;

import io.vdi.operator.common.model.DesktopServer.ActivitySource;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.notice.Notice;
import io.vdi.operator.common.notice.Notices;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Pure: what the portal tells the user of a session; the reaper sends the same. */
final class SessionNotices {
  /** A user who comes the next morning learns why the desktop sleeps. */
  private static final Duration VALID_FOR = Duration.ofHours(24);

  private SessionNotices() {}

  static List<Notice> of(
      VdiSession session,
      Optional<VdiTemplate> template,
      Optional<Pod> pod,
      Duration warningBefore,
      Instant now) {
    return Notices.due(
        session,
        new Notices.Observed(
            template, pod, template.flatMap(found -> idleSince(session, found.spec()))),
        new Notices.Settings(warningBefore, VALID_FOR),
        now);
  }

  /**
   * From the time that the reaper writes while a client uses the desktop. Whether a desktop works
   * without one, only the reaper knows.
   */
  private static Optional<Instant> idleSince(VdiSession session, VdiTemplate.Spec template) {
    boolean unknown =
        !template.busy().isEmpty() || template.server().activity() instanceof ActivitySource.None;
    return unknown
        ? Optional.empty()
        : Optional.ofNullable(session.status().lastActivityTime())
            .or(() -> session.status().startedAt());
  }
}
