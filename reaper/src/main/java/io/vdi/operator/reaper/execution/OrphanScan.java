package io.vdi.operator.reaper.execution;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.PartialObjectMetadata;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.reaper.policy.ManagedObjects;
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
public final class OrphanScan {
  private static final Logger LOG = LoggerFactory.getLogger(OrphanScan.class);

  /** All kinds of spec.md section 2. */
  public static final List<ResourceType<PartialObjectMetadata>> KINDS =
      List.of(
          ResourceType.POD.metadataOnly(),
          ResourceType.PERSISTENT_VOLUME_CLAIM.metadataOnly(),
          ResourceType.SECRET,
          ResourceType.SERVICE,
          ResourceType.INGRESS_ROUTE,
          ResourceType.INGRESS);

  private final KubeClient api;
  private final ResourceCache<VdiSession> sessions;
  private final Consumer<SessionKey> onSession;
  private final Consumer<ObjectKey> onOrphan;
  private final BooleanSupplier goesOn;
  private final Map<ResourceType<?>, String> troubles = new HashMap<>();

  /**
   * @param onOrphan told of each object that may be one
   * @param goesOn asked between pages and kinds
   */
  public OrphanScan(
      KubeClient api,
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
    for (ResourceType<PartialObjectMetadata> kind : KINDS) {
      if (!goesOn.getAsBoolean()) {
        return;
      }
      ApiResult<Integer> listed =
          api.forEach(kind, Labels.MANAGED_SELECTOR, object -> look(kind, object.metadata()));
      // A cluster without Traefik has no IngressRoutes.
      String trouble =
          listed.isNotFound() ? "" : listed.failure().map(ApiFailure::message).orElse("");
      if (!trouble.isEmpty() && !trouble.equals(troubles.put(kind, trouble))) {
        LOG.warn("cannot look for orphans among {}: {}", kind.qualifiedName(), trouble);
      } else if (trouble.isEmpty()) {
        troubles.remove(kind);
      }
    }
  }

  private void look(ResourceType<PartialObjectMetadata> kind, ObjectMeta object) {
    Optional<String> name = ManagedObjects.session(kind, object);
    if (name.isEmpty()) {
      return;
    }
    Optional<VdiSession> session = sessions.get(object.namespace(), name.get());
    boolean owned = session.filter(s -> object.isControlledBy(s.uid())).isPresent();
    boolean homeInUse =
        ManagedObjects.isHome(kind, object)
            && session.filter(s -> ManagedObjects.isHomeOf(object, s)).isPresent()
            && object.annotation(Annotations.RELEASED_AT).isEmpty();
    if (!owned && !homeInUse) {
      onOrphan.accept(new ObjectKey(kind, object.namespace(), object.name()));
    }
  }
}
