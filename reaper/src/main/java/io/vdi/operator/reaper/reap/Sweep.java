package io.vdi.operator.reaper.reap;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.Failure;
import io.vdi.operator.common.kube.Kind;
import io.vdi.operator.common.kube.KubeApi;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.Meta;
import io.vdi.operator.common.model.Names;
import io.vdi.operator.common.model.ObjectMetadata;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.reaper.judge.Marks;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at everything: all sessions once more, whatever was missed of them; and all objects that
 * bear our label, asked for live and page by page, for those that the cache knows no session of.
 */
public final class Sweep {
  private static final Logger LOG = LoggerFactory.getLogger(Sweep.class);

  /** All kinds of spec.md section 2. */
  public static final List<Kind<ObjectMetadata>> KINDS =
      List.of(
          Kind.POD.asMetadata(),
          Kind.VOLUME_CLAIM.asMetadata(),
          Kind.SECRET,
          Kind.SERVICE,
          Kind.INGRESS_ROUTE,
          Kind.INGRESS);

  private final KubeApi api;
  private final ResourceCache<VdiSession> sessions;
  private final Consumer<SessionKey> onSession;
  private final Consumer<ObjectKey> onOrphan;
  private final BooleanSupplier goesOn;
  private final Map<Kind<?>, String> troubles = new HashMap<>();

  /**
   * @param onOrphan told of each object that may be one
   * @param goesOn asked between pages and kinds
   */
  public Sweep(
      KubeApi api,
      ResourceCache<VdiSession> sessions,
      Consumer<SessionKey> onSession,
      Consumer<ObjectKey> onOrphan,
      BooleanSupplier goesOn) {
    this.api = api;
    this.sessions = sessions;
    this.onSession = onSession;
    this.onOrphan = onOrphan;
    this.goesOn = goesOn;
  }

  /** One sweep. A kind that cannot be listed is left for the next, and said so once. */
  public void run() {
    sessions.list().forEach(session -> onSession.accept(SessionKey.of(session)));
    for (Kind<ObjectMetadata> kind : KINDS) {
      if (!goesOn.getAsBoolean()) {
        return;
      }
      ApiResult<Integer> listed =
          api.forEach(kind, Names.MANAGED_SELECTOR, object -> look(kind, object.metadata()));
      // A cluster without Traefik has no IngressRoutes.
      String trouble = listed.isNotFound() ? "" : listed.failure().map(Failure::message).orElse("");
      if (!trouble.isEmpty() && !trouble.equals(troubles.put(kind, trouble))) {
        LOG.warn("cannot look for orphans among {}: {}", kind.fullName(), trouble);
      } else if (trouble.isEmpty()) {
        troubles.remove(kind);
      }
    }
  }

  private void look(Kind<ObjectMetadata> kind, Meta object) {
    Optional<String> name = Marks.session(kind, object);
    if (name.isEmpty()) {
      return;
    }
    Optional<VdiSession> session = sessions.get(object.namespace(), name.get());
    boolean owned = session.filter(s -> object.isControlledBy(s.uid())).isPresent();
    boolean homeInUse =
        Marks.isHome(kind, object)
            && session.filter(s -> Marks.isHomeOf(object, s)).isPresent()
            && object.annotation(Names.RELEASED_AT).isEmpty();
    if (!owned && !homeInUse) {
      onOrphan.accept(new ObjectKey(kind, object.namespace(), object.name()));
    }
  }
}
