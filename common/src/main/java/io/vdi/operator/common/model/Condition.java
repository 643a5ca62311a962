package io.vdi.operator.common.model;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** A condition of a status, as Kubernetes defines it. */
public record Condition(
    String type,
    String status,
    String reason,
    String message,
    Instant lastTransitionTime,
    long observedGeneration) {

  public static final String READY = "Ready";
  public static final String TEMPLATE_RESOLVED = "TemplateResolved";
  public static final String POD_SCHEDULED = "PodScheduled";
  public static final String STORAGE_READY = "StorageReady";
  public static final String ROUTE_READY = "RouteReady";

  /** True while the phase is Failed. Sessions that have never failed do not have it. */
  public static final String FAILED = "Failed";

  public static final String QUOTA_ADMITTED = "QuotaAdmitted";

  /**
   * False while the session's user is not given access to the Secret of the session. Present only
   * while it is false.
   */
  public static final String ACCESS_READY = "AccessReady";

  /**
   * True while the node of the desktop is drained, until the desktop has another pod. Present only
   * while it is true.
   */
  public static final String NODE_DRAINING = "NodeDraining";

  /** Reason of NodeDraining when the pod is being deleted, or was. */
  public static final String MOVING = "Moving";

  /**
   * True while the controller works towards the spec. Present only while it is true, as kstatus
   * expects.
   */
  public static final String RECONCILING = "Reconciling";

  /** True while a person must change something. Present only while it is true. */
  public static final String STALLED = "Stalled";

  /** True since the pod of a suspended session is deleted. Present only while it is true. */
  public static final String SUSPENDED = "Suspended";

  /** True since the desktop was ready for the first time; stays until the session is deleted. */
  public static final String INITIALIZED = "Initialized";

  /** Reason of Ready when the desktop was not ready within the startup timeout. */
  public static final String STARTUP_TIMEOUT = "StartupTimeout";

  /** Reason of Ready when the Secret is newer than the desktop that runs. */
  public static final String CREDENTIALS_CHANGED = "CredentialsChanged";

  public Condition {
    // Interned: thousands of objects have the same few values.
    type = type == null ? "" : type.intern();
    status = status == null ? "Unknown" : status.intern();
    reason = reason == null ? "" : reason.intern();
    message = message == null || message.isEmpty() ? "" : message;
    lastTransitionTime = lastTransitionTime == null ? Instant.EPOCH : lastTransitionTime;
  }

  /** A condition without its transition time, which {@link #withTransitionFrom} sets. */
  public static Condition of(
      String type, String status, String reason, String message, long observedGeneration) {
    return new Condition(type, status, reason, message, Instant.EPOCH, observedGeneration);
  }

  public boolean isTrue() {
    return status.equals("True");
  }

  /** This condition with its former transition time if its status is the same, else with now. */
  public Condition withTransitionFrom(List<Condition> before, Instant now) {
    Instant since =
        find(before, type)
            .filter(old -> old.status.equals(status))
            .map(Condition::lastTransitionTime)
            .orElse(now);
    return new Condition(type, status, reason, message, since, observedGeneration);
  }

  /** The condition of this type. */
  public static Optional<Condition> find(List<Condition> conditions, String type) {
    return conditions.stream().filter(c -> c.type.equals(type)).findFirst();
  }
}
