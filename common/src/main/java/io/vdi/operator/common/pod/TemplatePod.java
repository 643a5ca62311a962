package io.vdi.operator.common.pod;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.GpuRequest;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiTemplate;

/**
 * A pod and a claim as a session of a template would get them, without what only a session has:
 * home, password and host. The webhook lets the API server check them when the template is written.
 */
public final class TemplatePod {
  private static final String GENERATE_NAME = "vdi-template-";

  private TemplatePod() {}

  /** The body of a dry-run create. */
  public static JsonObject of(VdiTemplate template) {
    VdiTemplate.Spec spec = template.spec();
    JsonObject pod =
        object(ResourceType.POD, StrategicMerge.podSpec(podSpec(spec), spec.podTemplate().spec()));
    JsonObject metadata = pod.getAsJsonObject("metadata");
    JsonObject labels = new JsonObject();
    spec.podTemplate().metadata().labels().forEach(labels::addProperty);
    metadata.add("labels", labels);
    JsonObject annotations = new JsonObject();
    spec.podTemplate().metadata().annotations().forEach(annotations::addProperty);
    metadata.add("annotations", annotations);
    return pod;
  }

  /** The body of a dry-run create of what the claims of the desktops are made from. */
  public static JsonObject claimTemplate(GpuRequest.DeviceClass devices) {
    JsonObject spec = new JsonObject();
    spec.add("spec", PodClaims.spec(devices, Defaults.GPU));
    return object(ResourceType.RESOURCE_CLAIM_TEMPLATE, spec);
  }

  private static JsonObject object(ResourceType<?> type, JsonObject spec) {
    JsonObject metadata = new JsonObject();
    metadata.addProperty("generateName", GENERATE_NAME);
    JsonObject object = new JsonObject();
    object.addProperty("apiVersion", type.apiVersion());
    object.addProperty("kind", type.kind());
    object.add("metadata", metadata);
    object.add("spec", spec);
    return object;
  }

  private static JsonObject podSpec(VdiTemplate.Spec spec) {
    JsonArray volumes = new JsonArray();
    JsonArray mounts = new JsonArray();
    addVolume(volumes, mounts, "home", spec.homePath());
    addVolume(volumes, mounts, "shm", PodTemplateRules.SHARED_MEMORY);
    JsonObject port = new JsonObject();
    port.addProperty("name", "http");
    port.addProperty("containerPort", spec.port());
    JsonArray ports = new JsonArray();
    ports.add(port);
    JsonObject limits = new JsonObject();
    limits.addProperty("cpu", Defaults.CPU);
    limits.addProperty("memory", Defaults.MEMORY);
    JsonObject resources = new JsonObject();
    resources.add("limits", limits);
    if (spec.gpu().request() instanceof GpuRequest.DeviceClass) {
      resources.add("claims", PodClaims.ofContainer());
    }
    JsonObject container = new JsonObject();
    container.addProperty("name", Pod.DESKTOP);
    container.addProperty("image", spec.image());
    container.add("ports", ports);
    container.add("resources", resources);
    container.add("volumeMounts", mounts);
    JsonArray containers = new JsonArray();
    containers.add(container);
    JsonObject result = new JsonObject();
    result.addProperty("automountServiceAccountToken", false);
    result.add("tolerations", spec.tolerations().deepCopy());
    result.add("containers", containers);
    result.add("volumes", volumes);
    if (spec.gpu().request() instanceof GpuRequest.DeviceClass) {
      result.add("resourceClaims", PodClaims.ofPod("vdi-template"));
    }
    return result;
  }

  private static void addVolume(JsonArray volumes, JsonArray mounts, String name, String path) {
    JsonObject volume = new JsonObject();
    volume.addProperty("name", name);
    volume.add("emptyDir", new JsonObject());
    volumes.add(volume);
    JsonObject mount = new JsonObject();
    mount.addProperty("name", name);
    mount.addProperty("mountPath", path);
    mounts.add(mount);
  }
}
