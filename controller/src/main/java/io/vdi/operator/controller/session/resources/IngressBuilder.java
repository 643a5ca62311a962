package io.vdi.operator.controller.session.resources;

import com.google.gson.JsonObject;
import io.kubernetes.client.openapi.models.V1HTTPIngressPath;
import io.kubernetes.client.openapi.models.V1HTTPIngressRuleValue;
import io.kubernetes.client.openapi.models.V1Ingress;
import io.kubernetes.client.openapi.models.V1IngressBackend;
import io.kubernetes.client.openapi.models.V1IngressRule;
import io.kubernetes.client.openapi.models.V1IngressServiceBackend;
import io.kubernetes.client.openapi.models.V1IngressSpec;
import io.kubernetes.client.openapi.models.V1IngressTLS;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.kubernetes.client.openapi.models.V1ServiceBackendPort;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ResourceType;
import java.util.List;

/** The same route for any other ingress controller. */
final class IngressBuilder {
  private IngressBuilder() {}

  static DesiredObject of(ResolvedSession workload) {
    SessionConfig settings = workload.settings();
    V1ObjectMeta metadata = ChildMetadata.metadata(workload.session(), workload.name());
    metadata.putAnnotationsItem(Annotations.HOST, workload.host());
    V1IngressTLS tls = new V1IngressTLS().hosts(List.of(workload.fullHost()));
    if (settings.tls().mode() == SessionConfig.TlsMode.SECRET_NAME) {
      tls.secretName(settings.tls().secretName());
    }
    V1IngressBackend backend =
        new V1IngressBackend()
            .service(
                new V1IngressServiceBackend()
                    .name(workload.name())
                    .port(new V1ServiceBackendPort().number(ServiceBuilder.PORT)));
    V1IngressSpec spec =
        new V1IngressSpec()
            .ingressClassName(settings.ingress().className().orElse(null))
            .tls(List.of(tls))
            .rules(
                List.of(
                    new V1IngressRule()
                        .host(workload.fullHost())
                        .http(
                            new V1HTTPIngressRuleValue()
                                .paths(
                                    List.of(
                                        new V1HTTPIngressPath()
                                            .path("/")
                                            .pathType("Prefix")
                                            .backend(backend))))));
    JsonObject body =
        ChildMetadata.json(
            new V1Ingress()
                .apiVersion(ResourceType.INGRESS.apiVersion())
                .kind(ResourceType.INGRESS.kind())
                .metadata(metadata)
                .spec(spec));
    JsonObject patch = ChildMetadata.metadataPatch(metadata);
    patch.add("spec", ChildMetadata.json(spec));
    return DesiredObject.of(ResourceType.INGRESS, workload.name(), body, patch);
  }
}
