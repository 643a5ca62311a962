package io.vdi.operator.common.quota;

import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.util.Locale;
import java.util.Optional;

/**
 * What one session takes, or asks for, of every limit that concerns it.
 *
 * @param user the e-mail in lower case: another spelling is no other user
 */
public record QuotaRequest(String user, String namespace, String template, ResourceAmounts amount) {
  public QuotaRequest {
    user = user.toLowerCase(Locale.ROOT);
  }

  public QuotaRequest with(ResourceAmounts other) {
    return new QuotaRequest(user, namespace, template, other);
  }

  /** What a session takes as long as it exists; see {@link #gpus}. */
  public static QuotaRequest of(VdiSession session, Optional<VdiTemplate> template) {
    return new QuotaRequest(
        session.spec().user(),
        session.namespace(),
        session.spec().template(),
        new ResourceAmounts(1, gpus(session, template)));
  }

  /**
   * The GPUs that a session holds. Suspended and Failed ones hold none; one that is being deleted
   * holds its GPUs until its pod is gone, and with the pod the session goes.
   */
  public static long gpus(VdiSession session, Optional<VdiTemplate> template) {
    boolean failed = session.status().currentPhase().equals(Optional.of(Phase.FAILED));
    return session.spec().suspended() || failed ? 0 : gpusWhenRunning(session.spec(), template);
  }

  /** The GPUs that a session holds while it runs; never less than nothing. */
  public static long gpusWhenRunning(VdiSession.Spec spec, Optional<VdiTemplate> template) {
    return Math.max(
        0, Defaults.gpu(spec, template.map(VdiTemplate::spec).orElse(VdiTemplate.Spec.EMPTY)));
  }
}
