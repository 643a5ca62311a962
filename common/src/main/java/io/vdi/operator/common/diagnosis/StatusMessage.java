package io.vdi.operator.common.diagnosis;

/**
 * What the controller says in its own words in {@code status.message} and in conditions. The words
 * are a part of the API (docs/specification.md, sections 1, 3 and 4). The portal translates them by
 * the name of the constant, which therefore stays. Words of Kubernetes and messages with a cause of
 * {@link KnownCause} have no constant.
 */
public enum StatusMessage implements PatternMessage {
  SUSPENDING("suspending: the pod stops"),
  /** {0} is {@link #NODE_NOT_READY}. */
  CANNOT_SUSPEND("suspending: the pod cannot stop: {0}"),
  NODE_NOT_READY("node {0} is NotReady since {1}"),
  WAITING_FOR_REMOVAL("waiting for the removal of {0}"),
  WAITING_FOR_HOME("waiting for the volume of the home"),
  WAITING_FOR_VOLUME("waiting for a volume"),
  WAITING_FOR_VOLUME_OF_CLASS("waiting for a volume of storage class {0}"),
  VOLUME_LOST("the volume of the home is lost"),
  /** {1} is what a container waits for, in the words of the kubelet. */
  STARTUP_TIMEOUT_WAITING(
      "not ready within the startup timeout of {0} ({1}); retried in 5m, or when session or"
          + " template change"),
  STARTUP_TIMEOUT(
      "not ready within the startup timeout of {0}; retried in 5m, or when session or template"
          + " change"),
  EARLIER_SPEC("the desktop runs with an earlier spec; the change takes effect at the next resume"),
  CREDENTIALS_CHANGED(
      "the Secret was created again: the running desktop keeps the old password until the next"
          + " resume"),
  TEMPLATE_NOT_FOUND("Template not found: {0}"),
  FOREIGN_OBJECT("{0} {1} exists and is not owned by this session"),
  CLAIMS_NOT_SERVED(
      "template {0} requests devices of class {1}, but the cluster does not serve {2}"),
  BACKEND_NOT_SUPPORTED(
      "the desktop speaks HTTPS with a certificate of its own, which a router of the Gateway API"
          + " does not accept: set ingress.kind to traefik or ingress, or use an image with HTTP"),

  /** {1} is one of the constants below. */
  DRAIN_STAYS("node {0} is being drained; the desktop stays: {1}"),
  DRAIN_WITHOUT_GRACE("its template has no drainGrace: it runs until its pod is evicted"),
  DRAIN_WITHOUT_HOME("its home is not persistent and would be lost"),
  DRAIN_UNKNOWN("it is unknown whether another node can run it"),
  DRAIN_UNREADABLE("the controller cannot read whether another node can run it"),
  DRAIN_NOWHERE("no other node can run it"),
  DRAIN_TOLERATED("its pod tolerates the taint, and would start there again"),
  DRAIN_STOPS("node {0} is being drained: the desktop stops at {1} and starts on another node"),
  DRAIN_MOVES("node {0} is being drained: the desktop moves to another node"),

  /** After the limits at which a session waits. */
  QUEUE_POSITION("number {0} in line"),
  QUEUE_FAR("more than {0} in line before it"),
  QUEUE_NEVER("the request alone is above the limit: lower it, or raise the limit");

  @SuppressWarnings("ImmutableEnumChecker") // Error Prone does not see that it is immutable.
  private final MessagePattern pattern;

  StatusMessage(String pattern) {
    this.pattern = MessagePattern.of(pattern);
  }

  @Override
  public MessagePattern pattern() {
    return pattern;
  }
}
