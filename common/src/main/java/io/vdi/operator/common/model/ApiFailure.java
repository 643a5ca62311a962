package io.vdi.operator.common.model;

/** Why an operation failed, and whether to retry it. */
public sealed interface ApiFailure {
  /** In CamelCase; the reason of the API server's Status, if there is one. */
  String reason();

  /** For the user. */
  String message();

  /**
   * Whether RBAC refused the request. Its messages contain "cannot"; those of admission plugins and
   * webhooks, which also refuse with Forbidden, do not.
   */
  static boolean isMissingPermission(String reason, String message) {
    return reason.equals("Forbidden") && message.contains(" cannot ");
  }

  /** May succeed later: retry with back-off. */
  record Transient(String reason, String message) implements ApiFailure {}

  /** Fails until something is changed: report it to the user. */
  record Permanent(String reason, String message) implements ApiFailure {}
}
