package io.vdi.operator.common.kube;

/** Why something could not be done, and so what to do about it. */
public sealed interface Failure {
  /** CamelCase, the word of Kubernetes' Status where there is one. */
  String reason();

  String message();

  /** May pass by itself: try again with back-off. */
  record Transient(String reason, String message) implements Failure {}

  /** Will not pass until somebody changes something: tell the user. */
  record Permanent(String reason, String message) implements Failure {}
}
