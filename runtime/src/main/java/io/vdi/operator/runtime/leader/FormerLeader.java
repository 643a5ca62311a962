package io.vdi.operator.runtime.leader;

/** Who led before this process: it decides whether its caches may lack writes of that leader. */
public enum FormerLeader {
  /**
   * An earlier process of this container, which ended before this one started: every list of this
   * process has all of its writes.
   */
  EARLIER_PROCESS,

  /**
   * Another replica, or it is not known. It may have written after the lists of this process, and a
   * watch may not have reported that yet.
   */
  OTHER_REPLICA
}
