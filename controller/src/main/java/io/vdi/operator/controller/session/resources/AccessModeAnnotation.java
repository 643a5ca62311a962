package io.vdi.operator.controller.session.resources;

import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.vdi.operator.common.model.Annotations;

/** Marks routes that ask the gate, so that what they refer to is not deleted before them. */
final class AccessModeAnnotation {
  static final String GATE = "gate";

  private AccessModeAnnotation() {}

  static void annotate(V1ObjectMeta metadata, SessionConfig config) {
    if (config.asksGate()) {
      metadata.putAnnotationsItem(Annotations.ACCESS_MODE, GATE);
    }
  }

  /**
   * The patch of the metadata. Without a gate it removes the annotation that an earlier {@code
   * access.mode} set.
   */
  static JsonObject metadataPatch(V1ObjectMeta metadata, SessionConfig config) {
    JsonObject patch = ChildMetadata.metadataPatch(metadata);
    if (!config.asksGate()) {
      patch
          .getAsJsonObject("metadata")
          .getAsJsonObject("annotations")
          .add(Annotations.ACCESS_MODE, JsonNull.INSTANCE);
    }
    return patch;
  }
}
