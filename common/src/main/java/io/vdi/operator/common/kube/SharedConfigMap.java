package io.vdi.operator.common.kube;

import com.google.gson.JsonObject;
import io.vdi.operator.common.model.ConfigMap;
import io.vdi.operator.common.model.ResourceType;
import java.util.Map;

/**
 * A ConfigMap that several processes change. A write names the version that it is based on; the API
 * server refuses it if another process has written since.
 *
 * @param labels of the ConfigMap; an existing one gets them with the next write
 */
public record SharedConfigMap(
    KubeClient api, String namespace, String name, Map<String, String> labels) {
  public SharedConfigMap {
    labels = Map.copyOf(labels);
  }

  /** Without labels. */
  public SharedConfigMap(KubeClient api, String namespace, String name) {
    this(api, namespace, name, Map.of());
  }

  /** The ConfigMap; {@link ApiResult#isNotFound} if it does not exist. */
  public ApiResult<ConfigMap> read() {
    return api.get(ResourceType.CONFIG_MAP, namespace, name);
  }

  /**
   * Creates the ConfigMap, or replaces its data.
   *
   * @param version the resourceVersion that was read; empty if the ConfigMap does not exist
   * @return {@link ApiResult#isConflict} or {@link ApiResult#isAlreadyExists} if another process
   *     has written since
   */
  public ApiResult<ConfigMap> write(String version, Map<String, String> data) {
    JsonObject object = json(version, data);
    return version.isEmpty()
        ? api.create(ResourceType.CONFIG_MAP, namespace, object)
        : api.replace(ResourceType.CONFIG_MAP, namespace, name, object);
  }

  private JsonObject json(String version, Map<String, String> data) {
    JsonObject metadata = new JsonObject();
    metadata.addProperty("name", name);
    metadata.addProperty("namespace", namespace);
    if (!labels.isEmpty()) {
      metadata.add("labels", json(labels));
    }
    if (!version.isEmpty()) {
      metadata.addProperty("resourceVersion", version);
    }
    JsonObject object = new JsonObject();
    object.addProperty("apiVersion", "v1");
    object.addProperty("kind", "ConfigMap");
    object.add("metadata", metadata);
    object.add("data", json(data));
    return object;
  }

  private static JsonObject json(Map<String, String> texts) {
    JsonObject json = new JsonObject();
    texts.forEach(json::addProperty);
    return json;
  }
}
