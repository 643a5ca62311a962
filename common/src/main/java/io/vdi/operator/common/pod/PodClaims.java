package io.vdi.operator.common.pod;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vdi.operator.common.model.GpuRequest;

/** The fields by which a pod and its container use the claim of the GPUs. */
public final class PodClaims {
  private PodClaims() {}

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
    JsonArray claims = new JsonArray();
    claims.add(claim);
    return claims;
  }
}
