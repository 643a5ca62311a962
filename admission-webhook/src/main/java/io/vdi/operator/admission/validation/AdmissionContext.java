package io.vdi.operator.admission.validation;

import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.model.VdiTemplate;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What one request requires to know about the cluster, read before the rules run. {@link
 * ContextQuery} says what to read.
 *
 * @param template the template that the session names; empty if it does not exist
 * @param home the claim of a session whose size is lowered, or which is resumed; empty if it does
 *     not exist, or for other requests
 * @param sessionsUsingTemplate {@code namespace/name} of the sessions that name the template that
 *     is being deleted
 * @param timeSliced whether nodes share their GPUs by time slicing
 * @param callerManages whether RBAC allows the caller the verb {@code manage} on sessions in the
 *     namespace of the request; false until it is asked for
 * @param now by the clock of the API server
 */
public record AdmissionContext(
    Optional<VdiTemplate> template,
    Optional<PersistentVolumeClaim> home,
    List<String> sessionsUsingTemplate,
    boolean timeSliced,
    boolean callerManages,
    Instant now) {
  /** The same for a caller that RBAC allows to manage sessions. */
  public AdmissionContext managing() {
    return new AdmissionContext(template, home, sessionsUsingTemplate, timeSliced, true, now);
  }
}
