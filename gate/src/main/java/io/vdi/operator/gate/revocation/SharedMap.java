package io.vdi.operator.gate.revocation;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ConfigMap;
import io.vdi.operator.common.model.ResourceType;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * The data of a ConfigMap that all replicas change. A change is written only if nobody else has
 * changed the data since it was read; otherwise it is computed again.
 */
public final class SharedMap {
  /** The label by which the gate watches its ConfigMaps. */
  public static final String SELECTOR = "app.kubernetes.io/component=gate-state";

  private static final int MAX_ATTEMPTS = 20;

  private final KubeClient api;
  private final String namespace;
  private final String name;

  public SharedMap(KubeClient api, String namespace, String name) {
    this.api = api;
    this.namespace = namespace;
    this.name = name;
  }

  /** What a change makes of the data. */
  public sealed interface Outcome<R> {
    /** Write this data; the result is returned once it is written. */
    record Write<R>(Map<String, String> data, R result) implements Outcome<R> {}

    /** Change nothing. */
    record Leave<R>(R result) implements Outcome<R> {}
  }

  /**
   * A change and its result.
   *
   * @param map as it was written; empty if nothing was changed
   */
  public record Changed<R>(Optional<ConfigMap> map, R result) {}

  /** Changes the data; the function can be called several times. */
  public <R> ApiResult<Changed<R>> change(Function<Map<String, String>, Outcome<R>> change) {
    ApiResult<Changed<R>> last = new ApiResult.Unreachable<>("ConfigMap " + name + " is contended");
    for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      ApiResult<ConfigMap> found = api.get(ResourceType.CONFIG_MAP, namespace, name);
      boolean missing = found.isNotFound();
      if (!missing && found.ok().isEmpty()) {
        return found.flatMap(map -> new ApiResult.Unreachable<>("unreadable"));
      }
      ConfigMap current = found.ok().orElse(new ConfigMap(null, Map.of()));
      switch (change.apply(current.data())) {
        case Outcome.Leave<R>(R result) -> {
          return new ApiResult.Ok<>(new Changed<>(Optional.empty(), result));
        }
        case Outcome.Write<R>(Map<String, String> data, R result) -> {
          JsonObject object = object(data, current.metadata().resourceVersion());
          ApiResult<ConfigMap> written =
              missing
                  ? api.create(ResourceType.CONFIG_MAP, namespace, object)
                  : api.replace(ResourceType.CONFIG_MAP, namespace, name, object);
          last = written.map(map -> new Changed<>(Optional.of(map), result));
          if (!written.isConflict() && !written.isAlreadyExists()) {
            return last;
          }
        }
      }
    }
    return last;
  }

  private JsonObject object(Map<String, String> data, String version) {
    JsonObject labels = new JsonObject();
    labels.addProperty("app.kubernetes.io/name", "vdi-operator");
    labels.addProperty("app.kubernetes.io/component", "gate-state");
    JsonObject metadata = new JsonObject();
    metadata.addProperty("name", name);
    metadata.addProperty("namespace", namespace);
    metadata.add("labels", labels);
    if (!version.isEmpty()) {
      metadata.addProperty("resourceVersion", version);
    }
    JsonObject content = new JsonObject();
    data.forEach(content::addProperty);
    JsonObject object = new JsonObject();
    object.addProperty("apiVersion", "v1");
    object.addProperty("kind", "ConfigMap");
    object.add("metadata", metadata);
    object.add("data", content);
    return object;
  }
}
