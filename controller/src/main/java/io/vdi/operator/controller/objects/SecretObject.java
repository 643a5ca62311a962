package io.vdi.operator.controller.objects;

import com.google.gson.JsonObject;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.kubernetes.client.openapi.models.V1Secret;
import io.vdi.operator.common.kube.Kind;
import io.vdi.operator.common.model.Names;

/**
 * The session's password, and its TURN credentials. What is here is all but the secret values:
 * those the applier draws in the moment of creation, so that they never stand in a plan or a log.
 */
final class SecretObject {
  private SecretObject() {}

  static Desired of(Workload workload) {
    V1ObjectMeta metadata = Common.metadata(workload.session(), Names.secret(workload.name()));
    JsonObject body =
        Common.json(
            new V1Secret()
                .apiVersion("v1")
                .kind(Kind.SECRET.name())
                .metadata(metadata)
                .type("Opaque"));
    return Desired.of(
        Kind.SECRET, Names.secret(workload.name()), body, Common.metadataPatch(metadata));
  }
}
