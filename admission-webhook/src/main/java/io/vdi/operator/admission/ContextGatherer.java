package io.vdi.operator.admission;

import io.vdi.operator.admission.quota.SessionIndex;
import io.vdi.operator.admission.validation.AdmissionContext;
import io.vdi.operator.admission.validation.ContextQuery;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.PartialObjectMetadata;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.model.WatchedNamespaces;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/**
 * Reads what the rules require to know: from the caches, and from the API server where a cache can
 * be older than the objects that the request refers to.
 */
final class ContextGatherer {
  /** How many parts a GPU is shared in; a label of NVIDIA's feature discovery. */
  static final String REPLICAS = "nvidia.com/gpu.replicas";

  private final KubeClient api;
  private final WatchedNamespaces namespaces;
  private final SessionIndex sessions;
  private final ResourceCache<VdiTemplate> templates;
  private final ResourceCache<PartialObjectMetadata> nodes;
  private final InstantSource clock;
  private final TimeLimiter limiter = new TimeLimiter();

  /**
   * @param clock that of the API server
   */
  ContextGatherer(
      KubeClient api,
      WatchedNamespaces namespaces,
      SessionIndex sessions,
      ResourceCache<VdiTemplate> templates,
      ResourceCache<PartialObjectMetadata> nodes,
      InstantSource clock) {
    this.api = api;
    this.namespaces = namespaces;
    this.sessions = sessions;
    this.templates = templates;
    this.nodes = nodes;
    this.clock = clock;
  }

  /**
   * @param deadline for all calls to the API server together
   */
  ApiResult<AdmissionContext> gather(ContextQuery query, DecisionDeadline deadline) {
    return switch (query) {
      case ContextQuery.None() -> new ApiResult.Ok<>(context(Optional.empty()));
      case ContextQuery.Template(String name) -> template(name, deadline).map(this::context);
      case ContextQuery.TemplateAndHome(
              ContextQuery.Template(String name),
              String namespace,
              String claim) ->
          template(name, deadline)
              .flatMap(template ->
                  home(namespace, claim, deadline)
                      .map(home ->
                          new AdmissionContext(
                              template, home, List.of(), isTimeSliced(), false, clock.instant())));
      case ContextQuery.SessionsUsing(String template) ->
          limiter
              .call(deadline.remaining(), () -> sessions.using(template))
              .map(names ->
                  new AdmissionContext(
                      Optional.empty(),
                      Optional.empty(),
                      names,
                      isTimeSliced(),
                      false,
                      clock.instant()));
    };
  }

  private AdmissionContext context(Optional<VdiTemplate> template) {
    return new AdmissionContext(
        template, Optional.empty(), List.of(), isTimeSliced(), false, clock.instant());
  }

  private boolean isTimeSliced() {
    return nodes.list().stream().anyMatch(ContextGatherer::isTimeSliced);
  }

  /**
   * Always live: the watch of claims may not have reported a growth yet. In a namespace that is not
   * watched, no controller changes a claim.
   */
  private ApiResult<Optional<PersistentVolumeClaim>> home(
      String namespace, String claim, DecisionDeadline deadline) {
    if (!namespaces.includes(namespace)) {
      return new ApiResult.Ok<>(Optional.empty());
    }
    return optional(
        limiter.call(
            deadline.remaining(),
            () -> api.get(ResourceType.PERSISTENT_VOLUME_CLAIM, namespace, claim)));
  }

  /** A template that was created a moment ago may not be in the cache yet. */
  private ApiResult<Optional<VdiTemplate>> template(String name, DecisionDeadline deadline) {
    Optional<VdiTemplate> cached = templates.get("", name);
    if (cached.isPresent()) {
      return new ApiResult.Ok<>(cached);
    }
    return optional(
        limiter.call(deadline.remaining(), () -> api.get(ResourceType.TEMPLATE, "", name)));
  }

  private static <T> ApiResult<Optional<T>> optional(ApiResult<T> live) {
    return live.isNotFound() ? new ApiResult.Ok<>(Optional.empty()) : live.map(Optional::of);
  }

  private static boolean isTimeSliced(PartialObjectMetadata node) {
    return node.metadata()
        .label(REPLICAS)
        .filter(n -> !n.equals("0") && !n.equals("1"))
        .isPresent();
  }
}
