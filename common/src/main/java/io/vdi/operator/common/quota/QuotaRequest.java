package io.vdi.operator.common.quota;

import io.vdi.operator.common.identity.EmailAddress;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.util.Optional;

/**
 * What one session uses or requests, with the names whose limits apply to it.
 *
 * @param user the e-mail; converted to {@link EmailAddress#key}, so that one user has one limit
 * @param amount its storage is the whole size of the home; {@link QuotaUsage} counts what is added
 * @param claim the name of the claim of the home, so that a home counts once; empty if there is no
 *     home, or if its name is not known
 */
public record QuotaRequest(
    String user, String namespace, String template, ResourceAmounts amount, String claim) {
  public QuotaRequest {
    user = EmailAddress.key(user);
  }

  /** A request whose home, if it has one, is not known by name. */
  public QuotaRequest(String user, String namespace, String template, ResourceAmounts amount) {
    this(user, namespace, template, amount, "");
  }

  /** The same session with other amounts. */
  public QuotaRequest with(ResourceAmounts other) {
    return new QuotaRequest(user, namespace, template, other, claim);
  }

  /** One session, its GPUs and the size of its home; see {@link #gpus} and {@link #storage}. */
  public static QuotaRequest of(VdiSession session, Optional<VdiTemplate> template) {
    return of(session, template, storage(session.spec(), template));
  }

  /**
   * The same with a size of the home that is known already.
   *
   * @param storage in bytes; see {@link #storage}
   */
  public static QuotaRequest of(VdiSession session, Optional<VdiTemplate> template, long storage) {
    return new QuotaRequest(
        session.spec().user(),
        session.namespace(),
        session.spec().template(),
        new ResourceAmounts(1, gpus(session, template), storage),
        ChildKind.HOME.nameFor(session.name()));
  }

  /**
   * The GPUs that a session uses. A suspended or failed session uses none. A session that is being
   * deleted uses them until it is deleted, because its pod may still run.
   */
  public static long gpus(VdiSession session, Optional<VdiTemplate> template) {
    boolean failed = session.status().is(Phase.FAILED);
    return session.spec().suspended() || failed ? 0 : gpusWhenRunning(session.spec(), template);
  }

  /**
   * The bytes of the home that a session requests, also while it is suspended; 0 without
   * persistence. Its claim can have more.
   */
  public static long storage(VdiSession.Spec spec, Optional<VdiTemplate> template) {
    return Defaults.homeSize(spec, template.map(VdiTemplate::spec).orElse(VdiTemplate.Spec.EMPTY))
        .map(StorageSize::bytes)
        .orElse(0L);
  }

  /** The GPUs that a session uses while it runs; never negative. */
  public static long gpusWhenRunning(VdiSession.Spec spec, Optional<VdiTemplate> template) {
    return Math.max(
        0, Defaults.gpu(spec, template.map(VdiTemplate::spec).orElse(VdiTemplate.Spec.EMPTY)));
  }
}
