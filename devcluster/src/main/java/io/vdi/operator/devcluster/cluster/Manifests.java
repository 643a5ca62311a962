package io.vdi.operator.devcluster.cluster;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.process.Progress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** Applies YAML manifests to a cluster: creates objects, and replaces those that exist. */
public final class Manifests {
  /** Keeps empty objects, because {@code status: {}} in a manifest has a meaning. */
  private static final Gson PLAIN = new Gson();

  private static final List<String> CLUSTER_WIDE =
      List.of(
          "Namespace",
          "DeviceClass",
          "ResourceSlice",
          "Node",
          "PersistentVolume",
          "StorageClass",
          "CustomResourceDefinition",
          "GatewayClass",
          "IngressClass",
          "ClusterRole",
          "ClusterRoleBinding",
          "MutatingWebhookConfiguration",
          "ValidatingWebhookConfiguration",
          "VDITemplate");

  private Manifests() {}

  /** Applies the manifests, in namespace {@code default} where they name none. */
  public static void apply(KubeClient api, String yaml) {
    apply(api, yaml, "default");
  }

  /**
   * Applies the manifests.
   *
   * @param namespace for namespaced objects that name none
   * @throws IllegalStateException if the API server rejects an object
   */
  public static void apply(KubeClient api, String yaml, String namespace) {
    for (JsonObject object : parse(yaml)) {
      String collection = collection(object, namespace);
      ApiResult<JsonObject> result = api.request("POST", collection, object);
      if (result.isAlreadyExists()) {
        String path =
            collection + "/" + object.getAsJsonObject("metadata").get("name").getAsString();
        JsonElement version =
            api.request("GET", path, null)
                .orElseThrow()
                .getAsJsonObject("metadata")
                .get("resourceVersion");
        object.getAsJsonObject("metadata").add("resourceVersion", version);
        result = api.request("PUT", path, object);
      }
      result.orElseThrow();
    }
  }

  /** Parses the documents of a YAML text as JSON. Empty documents are left out. */
  public static List<JsonObject> parse(String yaml) {
    List<JsonObject> objects = new ArrayList<>();
    for (Object document : new Yaml(new SafeConstructor(new LoaderOptions())).loadAll(yaml)) {
      if (document != null) {
        objects.add(PLAIN.toJsonTree(document).getAsJsonObject());
      }
    }
    return objects;
  }

  /** Waits until the API server serves these resources. */
  public static void awaitCrds(KubeClient api, String groupVersion, List<String> plurals) {
    Progress.await(
        () -> "the API server to serve " + String.join(", ", plurals),
        Duration.ofSeconds(60),
        () ->
            api.request("GET", "/apis/" + groupVersion, null)
                .ok()
                .map(JsonObject::toString)
                .filter(
                    text -> plurals.stream().allMatch(p -> text.contains("\"name\":\"" + p + "\"")))
                .isPresent());
  }

  private static String collection(JsonObject object, String namespace) {
    String apiVersion = object.get("apiVersion").getAsString();
    String kind = object.get("kind").getAsString();
    String group = (apiVersion.contains("/") ? "/apis/" : "/api/") + apiVersion;
    JsonElement own = object.getAsJsonObject("metadata").get("namespace");
    String plural = plural(kind);
    return CLUSTER_WIDE.contains(kind)
        ? group + "/" + plural
        : group + "/namespaces/" + (own == null ? namespace : own.getAsString()) + "/" + plural;
  }

  private static String plural(String kind) {
    String lower = kind.toLowerCase(Locale.ROOT);
    if (lower.endsWith("cy")) {
      return lower.substring(0, lower.length() - 1) + "ies";
    }
    return lower.endsWith("s") ? lower + "es" : lower + "s";
  }
}
