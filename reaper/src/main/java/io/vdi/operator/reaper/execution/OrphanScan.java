package io.vdi.operator.reaper.execution;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.PartialObjectMetadata;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.WatchedNamespaces;
import io.vdi.operator.reaper.policy.ManagedObject;
import io.vdi.operator.reaper.policy.ManagedObjects;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the objects that may be orphans or retained homes. It lists all objects with the operator's
 * label, page by page and metadata only, and compares them with the session cache. It also queues
 * every session, in case an event was lost.
 */
public final class OrphanScan {
  private static final Logger LOG = LoggerFactory.getLogger(OrphanScan.class);

  /** The types of all children; docs/specification.md, section 2. */
  public static final List<ResourceType<PartialObjectMetadata>> TYPES =
      Arrays.stream(ChildKind.values())
          .flatMap(kind -> kind.resourceTypes().stream())
          .map(ResourceType::metadataOnly)
          .toList();

  private final KubeClient api;
  private final WatchedNamespaces namespaces;
  private final ResourceCache<VdiSession> sessions;
  private final Consumer<SessionKey> onSession;
  private final Consumer<ObjectKey> onCandidate;
  private final BooleanSupplier mayWrite;
  private final Map<ResourceType<?>, String> errors = new HashMap<>();

  /**
   * @param onSession receives every session
   * @param onCandidate receives every object that may be an orphan or a retained home
   * @param mayWrite whether this replica is still the leader; asked before each type
   */
  public OrphanScan(
      KubeClient api,
      WatchedNamespaces namespaces,
      ResourceCache<VdiSession> sessions,
      Consumer<SessionKey> onSession,
      Consumer<ObjectKey> onCandidate,
      BooleanSupplier mayWrite) {
    this.api = api;
    this.namespaces = namespaces;
    this.sessions = sessions;
    this.onSession = onSession;
    this.onCandidate = onCandidate;
    this.mayWrite = mayWrite;
  }

  /** One scan. A type that cannot be listed is logged once and left to the next scan. */
  public void run() {
    sessions.list().forEach(session -> onSession.accept(SessionKey.of(session)));
    for (ResourceType<PartialObjectMetadata> type : TYPES) {
      if (!mayWrite.getAsBoolean()) {
        return;
      }
      ApiResult<Integer> listed = scan(type);
      // Not found is normal: a cluster without Traefik has no IngressRoutes.
      String error =
          listed.isNotFound() ? "" : listed.failure().map(ApiFailure::message).orElse("");
      if (error.isEmpty()) {
        errors.remove(type);
      } else if (!error.equals(errors.put(type, error))) {
        LOG.warn("cannot list {} to find orphans: {}", type.qualifiedName(), error);
      }
    }
  }

  private ApiResult<Integer> scan(ResourceType<PartialObjectMetadata> type) {
    ApiResult<Integer> listed = new ApiResult.Ok<>(0);
    for (String namespace : namespaces.scopes()) {
      listed =
          listed.flatMap(before ->
              api.forEach(type, namespace, Labels.MANAGED_SELECTOR, object -> check(type, object)));
    }
    return listed;
  }

  private void check(ResourceType<PartialObjectMetadata> type, PartialObjectMetadata object) {
    ManagedObjects.identify(type, object.metadata())
        .filter(managed -> !isInUse(managed))
        .ifPresent(
            managed -> onCandidate.accept(new ObjectKey(type, object.namespace(), object.name())));
  }

  private boolean isInUse(ManagedObject managed) {
    Optional<VdiSession> session = sessions.get(managed.metadata().namespace(), managed.session());
    return switch (managed) {
      case ManagedObject.Child child ->
          session.filter(owner -> ManagedObjects.isChildOf(child.metadata(), owner)).isPresent();
      case ManagedObject.Home home ->
          session.filter(user -> ManagedObjects.isHomeOf(home.metadata(), user)).isPresent()
              && home.metadata().annotation(Annotations.RELEASED_AT).isEmpty();
    };
  }
}
