package io.vdi.operator.controller.objects;

import com.google.gson.JsonObject;
import io.kubernetes.client.custom.IntOrString;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.kubernetes.client.openapi.models.V1Service;
import io.kubernetes.client.openapi.models.V1ServicePort;
import io.kubernetes.client.openapi.models.V1ServiceSpec;
import io.vdi.operator.common.kube.Kind;
import io.vdi.operator.common.model.Names;
import java.util.List;
import java.util.Map;

/** Port 8080 to the pod's port {@code http}. */
final class ServiceObject {
  static final int PORT = 8080;

  private ServiceObject() {}

  static Desired of(Workload workload) {
    V1ObjectMeta metadata = Common.metadata(workload.session(), workload.name());
    V1ServiceSpec spec =
        new V1ServiceSpec()
            .selector(Map.of(Names.MANAGED_BY, Names.OPERATOR, Names.INSTANCE, workload.name()))
            .ports(
                List.of(
                    new V1ServicePort()
                        .name("http")
                        .port(PORT)
                        .protocol("TCP")
                        .targetPort(new IntOrString("http"))));
    JsonObject body =
        Common.json(
            new V1Service()
                .apiVersion("v1")
                .kind(Kind.SERVICE.name())
                .metadata(metadata)
                .spec(spec));
    JsonObject patch = Common.metadataPatch(metadata);
    patch.add("spec", Common.json(spec));
    return Desired.of(Kind.SERVICE, workload.name(), body, patch);
  }
}
