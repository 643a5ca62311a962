package io.vdi.operator.reaper.policy;

import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.ObjectMeta;

/**
 * An object that the operator created for a session. {@link ManagedObjects#identify} is the only
 * source of these values.
 */
public sealed interface ManagedObject {
  ObjectMeta metadata();

  /** The name of the session that its labels name. */
  String session();

  /** An object that is deleted together with its session, and is not its home. */
  record Child(ChildKind kind, ObjectMeta metadata, String session) implements ManagedObject {}

  /**
   * The PersistentVolumeClaim of a session, with or without an owner. It is never an orphan: the
   * reaper deletes it only when no session has used it for {@code homeRetention}.
   */
  record Home(ObjectMeta metadata, String session) implements ManagedObject {}
}
