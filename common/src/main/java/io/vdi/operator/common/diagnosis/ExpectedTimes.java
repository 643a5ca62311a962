package io.vdi.operator.common.diagnosis;

import java.time.Duration;

/** How long a step of a healthy session can take; the doctor and the portal report a longer one. */
public final class ExpectedTimes {
  /** In a burst the controller delays a first status for up to 20 s; none is older than 30 s. */
  public static final Duration FIRST_STATUS = Duration.ofSeconds(30);

  /** How long a volume can take. */
  public static final Duration PROVISIONING = Duration.ofSeconds(30);

  /**
   * From the start of a desktop until its user may read its Secret. The controller gives access
   * after it has created the pod, in a burst 5 s later.
   */
  public static final Duration ACCESS = Duration.ofSeconds(15);

  private ExpectedTimes() {}
}
