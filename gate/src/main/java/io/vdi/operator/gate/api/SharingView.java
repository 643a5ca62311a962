package io.vdi.operator.gate.api;

import io.vdi.operator.common.model.Share;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * With whom a session is shared, and who is there.
 *
 * @param shares also those that have ended
 * @param visitors who has the desktop open beside its owner, in the order in which they came
 * @param viewObstacle why guests cannot watch now; empty if they can, if the session has no guest
 *     who watches, and in lists and watches
 */
public record SharingView(
    List<Share> shares, List<VisitorView> visitors, Optional<String> viewObstacle) {
  /** Not shared, and nobody is there. */
  public static final SharingView NONE = new SharingView(List.of(), List.of(), Optional.empty());

  public SharingView {
    shares = List.copyOf(shares);
    visitors = List.copyOf(visitors);
  }

  /**
   * Somebody who has the desktop open beside its owner.
   *
   * @param since when the visitor came
   */
  public record VisitorView(String user, VisitorRole role, Instant since) {}

  /** What a visitor does. */
  public enum VisitorRole {
    /** A guest who watches. */
    VIEW,
    /** A guest who uses the desktop. */
    CONTROL,
    /** A guest without an account, who watches. */
    LINK,
    /** An admin who watches. */
    WATCH,
    /** An admin who uses the desktop. */
    ADMIN
  }
}
