package io.vdi.operator.admission.validation;

import com.google.gson.JsonObject;
import io.vdi.operator.common.identity.Caller;
import java.util.Optional;

/**
 * A request of the API server, from an AdmissionReview of admission.k8s.io/v1.
 *
 * @param operation {@code CREATE}, {@code UPDATE}, {@code DELETE} or {@code CONNECT}
 * @param group API group of the object's kind
 * @param subResource empty for the object itself
 * @param caller the user that sends the request
 * @param object after the operation; empty for DELETE
 * @param oldObject before the operation; empty for CREATE
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
  public static final String SESSION = "VDISession";
  public static final String TEMPLATE = "VDITemplate";

  boolean is(String kindName) {
    return isOurs() && kind.equals(kindName);
  }

  /** Whether the kind belongs to the API group of the operator. */
  boolean isOurs() {
    return group.equals("vdi.kasm.io");
  }

  /**
   * The name of the object. A request to delete a collection is sent for each object of it, without
   * its name.
   */
  String objectName() {
    return oldObject
        .map(RawObject::new)
        .map(RawObject::name)
        .filter(old -> !old.isEmpty())
        .orElse(name);
  }
}
