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

  /** An object that is deleted together with its session. */
  record Child(ChildKind kind, ObjectMeta metadata, String session) implements ManagedObject {}

  /** A PersistentVolumeClaim without an owner, which outlives its session. */
  record RetainedHome(ObjectMeta metadata, String session) implements ManagedObject {}
}
