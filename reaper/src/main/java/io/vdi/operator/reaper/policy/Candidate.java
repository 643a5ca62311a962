package io.vdi.operator.reaper.policy;

import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.time.Instant;
import java.util.Optional;

/** Something to be judged, with all that is known about it at one moment. */
public sealed interface Candidate {
  /**
   * @param template empty where the cluster has none of that name
   * @param pod of the session's name, whoever has made it
   * @param failedSeen since when we ourselves have seen it Failed
   */
  record Session(
      VdiSession session,
      Optional<VdiTemplate> template,
      Optional<Pod> pod,
      Activity activity,
      Optional<Instant> failedSeen)
      implements Candidate {}

  /**
   * An object of a session.
   *
   * @param session the session that its labels name, as it is now
   * @param orphanSeen since when we ourselves have seen it without its session
   */
  record Child(
      ResourceType<?> kind, ObjectMeta object, Optional<VdiSession> session, Instant orphanSeen)
      implements Candidate {}

  /**
   * A volume claim that carries no owner.
   *
   * @param session the session that its labels name, as it is now
   */
  record Home(ObjectMeta claim, Optional<VdiSession> session) implements Candidate {}
}
