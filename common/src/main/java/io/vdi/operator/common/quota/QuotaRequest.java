package io.vdi.operator.common.quota;

import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.util.Locale;
import java.util.Optional;

/**
 * What one session uses or requests, with the names whose limits apply to it.
 *
 * @param user the e-mail; converted to lower case, so that one user has one limit
 */
public record QuotaRequest(String user, String namespace, String template, ResourceAmounts amount) {
  public QuotaRequest {
    user = user.toLowerCase(Locale.ROOT);
  }

  /** The same session with other amounts. */
  public QuotaRequest with(ResourceAmounts other) {
    return new QuotaRequest(user, namespace, template, other);
  }

  /** One session and its GPUs; see {@link #gpus}. */
  public static QuotaRequest of(VdiSession session, Optional<VdiTemplate> template) {
    return new QuotaRequest(
        session.spec().user(),
        session.namespace(),
        session.spec().template(),
        new ResourceAmounts(1, gpus(session, template)));
  }

  /**
   * The GPUs that a session uses. A suspended or failed session uses none. A session that is being
   * deleted uses them until it is deleted, because its pod may still run.
   */
  public static long gpus(VdiSession session, Optional<VdiTemplate> template) {
    boolean failed = session.status().currentPhase().equals(Optional.of(Phase.FAILED));
    return session.spec().suspended() || failed ? 0 : gpusWhenRunning(session.spec(), template);
  }

  /** The GPUs that a session uses while it runs; never negative. */
  public static long gpusWhenRunning(VdiSession.Spec spec, Optional<VdiTemplate> template) {
    return Math.max(
        0, Defaults.gpu(spec, template.map(VdiTemplate::spec).orElse(VdiTemplate.Spec.EMPTY)));
  }
}
