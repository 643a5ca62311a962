package io.vdi.operator.reaper.notice;

import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.notice.Notice;
import java.time.Instant;

/** Notices of the tests of this package. */
final class NoticeFixture {
  static final Instant NOON = Instant.parse("2026-11-26T12:00:00Z");

  private NoticeFixture() {}

  /** A notice at noon that is valid for an hour. */
  static Notice notice(String id, Notice.Kind kind) {
    return notice(id, kind, "alice@example.com", NOON);
  }

  static Notice notice(String id, Notice.Kind kind, String user, Instant at) {
    return new Notice(
        id,
        kind,
        "idle",
        new SessionKey("team-a", "desk"),
        "uid-1",
        user,
        "ubuntu",
        "https://alice.vdi.example.com",
        at,
        at.plusSeconds(3600));
  }
}
