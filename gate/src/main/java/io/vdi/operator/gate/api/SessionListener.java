package io.vdi.operator.gate.api;

/** Called on a thread of the watch, one call at a time: the methods must return quickly. */
public interface SessionListener {
  void changed(SessionView session);

  /** The last call: the session is deleted, or the caller cannot see it any more. */
  void ended();
}
