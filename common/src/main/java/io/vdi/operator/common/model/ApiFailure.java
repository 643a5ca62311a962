package io.vdi.operator.common.model;

/** Why something could not be done, and so what to do about it. */
public sealed interface ApiFailure {
  /** CamelCase, the word of Kubernetes' Status where there is one. */
  String reason();

  String message();

  /** May pass by itself: try again with back-off. */
  record Transient(String reason, String message) implements ApiFailure {}

  /** Will not pass until somebody changes something: tell the user. */
  record Permanent(String reason, String message) implements ApiFailure {}
}
