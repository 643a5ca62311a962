package io.vdi.operator.controller.session.resources;

import com.google.gson.JsonObject;
import io.kubernetes.client.custom.IntOrString;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.kubernetes.client.openapi.models.V1ServicePort;
import io.kubernetes.client.openapi.models.V1ServiceSpec;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.ResourceType;
import java.util.List;
import java.util.Map;

/** Builds the Service: port 8080 to the pod's port {@code http}. */
final class ServiceBuilder {
  static final int PORT = 8080;

  private ServiceBuilder() {}

  static DesiredObject of(ResolvedSession resolved) {
    V1ObjectMeta metadata = ChildMetadata.metadata(resolved.session(), resolved.name());
    metadata.getAnnotations().putAll(ServersTransportBuilder.annotations(resolved));
    JsonObject spec =
        ChildMetadata.json(
            new V1ServiceSpec()
                .selector(
                    Map.of(Labels.MANAGED_BY, Labels.OPERATOR, Labels.INSTANCE, resolved.name()))
                .ports(
                    List.of(
                        new V1ServicePort()
                            .name("http")
                            .port(PORT)
                            .protocol("TCP")
                            .targetPort(new IntOrString("http")))));
    JsonObject body = ChildMetadata.object(ResourceType.SERVICE, metadata, spec);
    JsonObject patch = ChildMetadata.metadataPatch(metadata);
    patch.add("spec", spec.deepCopy());
    return DesiredObject.of(ChildKind.SERVICE, ResourceType.SERVICE, resolved.name(), body, patch);
  }
}
