package io.vdi.operator.common.pod;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.vdi.operator.common.model.GpuRequest;

/** The claim of the GPUs, and the fields by which a pod and its container use it. */
public final class PodClaims {
  private PodClaims() {}

  /** The spec of a claim of this many devices. */
  public static JsonObject spec(GpuRequest.DeviceClass devices, int count) {
    JsonObject exactly = new JsonObject();
    exactly.addProperty("deviceClassName", devices.name());
    exactly.addProperty("allocationMode", "ExactCount");
    exactly.addProperty("count", count);
    if (!devices.selectors().isEmpty()) {
      JsonArray selectors = new JsonArray();
      for (String expression : devices.selectors()) {
        JsonObject cel = new JsonObject();
        cel.addProperty("expression", expression);
        selectors.add(object("cel", cel));
      }
      exactly.add("selectors", selectors);
    }
    JsonObject request = object("exactly", exactly);
    request.addProperty("name", GpuRequest.DeviceClass.CLAIM);
    JsonObject claim = object("requests", array(request));
    devices
        .config()
        .ifPresent(config -> {
          JsonObject opaque = object("parameters", config.parameters());
          opaque.addProperty("driver", config.driver());
          JsonObject ofRequest = object("opaque", opaque);
          ofRequest.add("requests", array(new JsonPrimitive(GpuRequest.DeviceClass.CLAIM)));
          claim.add("config", array(ofRequest));
        });
    return object("devices", claim);
  }

  private static JsonObject object(String field, JsonElement value) {
    JsonObject object = new JsonObject();
    object.add(field, value);
    return object;
  }

  private static JsonArray array(JsonElement item) {
    JsonArray array = new JsonArray();
    array.add(item);
    return array;
  }

  /**
   * The field {@code resourceClaims} of a PodSpec.
   *
   * @param claimTemplate the ResourceClaimTemplate that Kubernetes makes the claim of the pod from
   */
  public static JsonArray ofPod(String claimTemplate) {
    JsonArray claims = ofContainer();
    claims.get(0).getAsJsonObject().addProperty("resourceClaimTemplateName", claimTemplate);
    return claims;
  }

  /** The field {@code resources.claims} of a container. */
  public static JsonArray ofContainer() {
    JsonObject claim = new JsonObject();
    claim.addProperty("name", GpuRequest.DeviceClass.CLAIM);
    return array(claim);
  }
}
