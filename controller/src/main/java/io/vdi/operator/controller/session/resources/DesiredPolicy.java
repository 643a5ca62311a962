package io.vdi.operator.controller.session.resources;

import com.google.gson.JsonObject;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Hashes;
import io.vdi.operator.common.model.ObjectMeta;

/**
 * The NetworkPolicy of the desktops of one template in one namespace. Their sessions share it, so
 * it has no owner: {@code controller.network} deletes it after the last of them.
 *
 * @param template name of the template
 * @param body of a POST, and of a merge patch
 */
public record DesiredPolicy(String name, String template, String hash, JsonObject body) {

  /** Adds the hash of the body to it as an annotation. */
  static DesiredPolicy of(String name, String template, JsonObject body) {
    String hash = Hashes.sha256(DesiredObject.inOrder(body).toString(), 16);
    JsonObject annotations = new JsonObject();
    annotations.addProperty(Annotations.DESIRED_HASH, hash);
    body.getAsJsonObject("metadata").add("annotations", annotations);
    return new DesiredPolicy(name, template, hash, body);
  }

  /** Whether the existing policy has the hash of this one. */
  public boolean matches(ObjectMeta existing) {
    return existing.annotation(Annotations.DESIRED_HASH).filter(hash::equals).isPresent();
  }

  @Override
  public String toString() {
    return "NetworkPolicy " + name;
  }
}
