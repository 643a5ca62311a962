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
public record Share(String user, String namespace, String template, Amount amount) {
  public Share {
    user = user.toLowerCase(Locale.ROOT);
  }

  public Share with(Amount other) {
    return new Share(user, namespace, template, other);
  }

  /** What a session takes as long as it exists; see {@link #gpus}. */
  public static Share of(VdiSession session, Optional<VdiTemplate> template) {
    return new Share(
        session.spec().user(),
        session.namespace(),
        session.spec().template(),
        new Amount(1, gpus(session, template)));
  }

  /**
   * The GPUs that a session holds. Suspended and Failed ones hold none; one that is being deleted
   * holds its GPUs until its pod is gone, and with the pod the session goes.
   */
  public static long gpus(VdiSession session, Optional<VdiTemplate> template) {
    boolean failed = session.status().currentPhase().equals(Optional.of(Phase.FAILED));
    return session.spec().suspended() || failed ? 0 : wanted(session.spec(), template);
  }

  /** The GPUs that a session holds while it runs; never less than nothing. */
  public static long wanted(VdiSession.Spec spec, Optional<VdiTemplate> template) {
    return Math.max(
        0, Defaults.gpu(spec, template.map(VdiTemplate::spec).orElse(VdiTemplate.Spec.EMPTY)));
  }
}
