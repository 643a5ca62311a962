package io.vdi.operator.controller.usage;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiUsage;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What the recorder reads and writes in the cluster. */
interface UsageStore {
  /** Whether sessions, pods and open intervals are known and up to date. */
  boolean isKnown();

  /** The intervals without an end: those that a watch shows, or that this process wrote. */
  List<VdiUsage> open();

  /** Those of the session with this UID. */
  List<VdiUsage> openOf(String session);

  /** The interval of this name if it has no end. */
  Optional<VdiUsage> open(String name);

  /** Whether the session with the name and UID of the interval exists. */
  boolean hasSession(VdiUsage.Session session);

  /** The pod of a session, as a watch shows it. */
  Optional<Pod> pod(SessionKey session);

  /** The pod of a session, read from the API server. */
  ApiResult<Pod> livePod(SessionKey session);

  /** The interval, read from the API server. */
  ApiResult<VdiUsage> read(String name);

  /** {@link ApiResult#isAlreadyExists} if this interval is recorded already. */
  ApiResult<VdiUsage> create(String name, VdiUsage.Spec interval);

  /**
   * Writes the end of an interval, or removes it.
   *
   * @param interval this version; {@link ApiResult#isConflict} if it has changed
   * @param ending empty: the desktop still runs
   */
  ApiResult<VdiUsage> end(VdiUsage interval, Optional<Ending> ending);

  /** Until when every end of a desktop has been recorded; empty if that was never written. */
  ApiResult<Optional<Instant>> readHeartbeat();

  ApiResult<Instant> writeHeartbeat(Instant until);
}
