package io.vdi.operator.admission.validation;

import com.google.gson.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the API server asks, from an AdmissionReview of admission.k8s.io/v1.
 *
 * @param group of the object's kind
 * @param subResource empty for the object itself
 * @param object as it is to become; empty for DELETE
 * @param oldObject as it was; empty for CREATE
 */
public record AdmissionRequest(
    String uid,
    String operation,
    String group,
    String kind,
    String subResource,
    String namespace,
    String name,
    Caller caller,
    boolean dryRun,
    Optional<JsonObject> object,
    Optional<JsonObject> oldObject) {

  /** Who asks, as Kubernetes authenticated them. */
  public record Caller(String username, List<String> groups, Map<String, List<String>> extra) {}

  boolean is(String kindName) {
    return group.equals("vdi.kasm.io") && kind.equals(kindName);
  }
}
