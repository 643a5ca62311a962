package io.vdi.operator.controller.session.plan;

/**
 * Whether a desktop can move away from a node that is drained. Read from the API server, because a
 * cache can be too old to stop a desktop.
 */
public sealed interface DrainCheck {
  /** The node is still drained, and the desktop can start on another one. */
  record Movable() implements DrainCheck {}

  /**
   * The desktop would not start on another node.
   *
   * @param why such as "no other node can run it"
   */
  record Fixed(String why) implements DrainCheck {}
}
