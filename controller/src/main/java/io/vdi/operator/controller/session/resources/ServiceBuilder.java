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

/**
 * Builds the Service: port 8080 to the pod's port {@code http}. A headless one costs the API server
 * less, takes no address of the cluster's range, and no rules of kube-proxy. The API server refuses
 * to change that, so an existing Service stays as it is; docs/decisions/services.md.
 */
final class ServiceBuilder {
  static final int PORT = 8080;

  /** Tells the API server to allocate no cluster IP. */
  private static final String HEADLESS = "None";

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
    JsonObject patch = ChildMetadata.metadataPatch(metadata);
    patch.add("spec", spec.deepCopy());
    if (resolved.config().ingress().headlessServices()) {
      spec.addProperty("clusterIP", HEADLESS);
    }
    JsonObject body = ChildMetadata.object(ResourceType.SERVICE, metadata, spec);
    return DesiredObject.of(ChildKind.SERVICE, ResourceType.SERVICE, resolved.name(), body, patch);
  }
}
