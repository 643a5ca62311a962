package io.vdi.operator.admission;

import io.vdi.operator.admission.quota.SessionIndex;
import io.vdi.operator.admission.validation.AdmissionContext;
import io.vdi.operator.admission.validation.ContextQuery;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.PartialObjectMetadata;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiTemplate;
import java.time.Duration;
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
  private final SessionIndex sessions;
  private final ResourceCache<VdiTemplate> templates;
  private final ResourceCache<PartialObjectMetadata> nodes;
  private final TimeLimiter limiter = new TimeLimiter();

  ContextGatherer(
      KubeClient api,
      SessionIndex sessions,
      ResourceCache<VdiTemplate> templates,
      ResourceCache<PartialObjectMetadata> nodes) {
    this.api = api;
    this.sessions = sessions;
    this.templates = templates;
    this.nodes = nodes;
  }

  /**
   * @param limit for a call to the API server
   */
  ApiResult<AdmissionContext> gather(ContextQuery query, Duration limit) {
    return switch (query) {
      case ContextQuery.None() -> new ApiResult.Ok<>(context(Optional.empty(), List.of()));
      case ContextQuery.Template(String name) ->
          template(name, limit).map(template -> context(template, List.of()));
      case ContextQuery.SessionsUsing(String template) ->
          limiter
              .call(limit, () -> sessions.using(template))
              .map(names -> context(Optional.empty(), names));
    };
  }

  private AdmissionContext context(Optional<VdiTemplate> template, List<String> users) {
    return new AdmissionContext(
        template, users, nodes.list().stream().anyMatch(ContextGatherer::isTimeSliced));
  }

  /** A template that was created a moment ago may not be in the cache yet. */
  private ApiResult<Optional<VdiTemplate>> template(String name, Duration limit) {
    Optional<VdiTemplate> cached = templates.get("", name);
    if (cached.isPresent()) {
      return new ApiResult.Ok<>(cached);
    }
    ApiResult<VdiTemplate> live =
        limiter.call(limit, () -> api.get(ResourceType.TEMPLATE, "", name));
    return live.isNotFound() ? new ApiResult.Ok<>(Optional.empty()) : live.map(Optional::of);
  }

  private static boolean isTimeSliced(PartialObjectMetadata node) {
    return node.metadata()
        .label(REPLICAS)
        .filter(n -> !n.equals("0") && !n.equals("1"))
        .isPresent();
  }
}
