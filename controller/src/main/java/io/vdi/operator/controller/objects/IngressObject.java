package io.vdi.operator.controller.objects;

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
import io.vdi.operator.common.kube.Kind;
import io.vdi.operator.common.model.Names;
import io.vdi.operator.controller.plan.Settings;
import java.util.List;

/** The same route for any other ingress controller. */
final class IngressObject {
  private IngressObject() {}

  static Desired of(Workload workload) {
    Settings settings = workload.settings();
    V1ObjectMeta metadata = Common.metadata(workload.session(), workload.name());
    metadata.putAnnotationsItem(Names.HOST, workload.host());
    V1IngressTLS tls = new V1IngressTLS().hosts(List.of(workload.fullHost()));
    if (settings.tls().mode() == Settings.TlsMode.SECRET_NAME) {
      tls.secretName(settings.tls().secretName());
    }
    V1IngressBackend backend =
        new V1IngressBackend()
            .service(
                new V1IngressServiceBackend()
                    .name(workload.name())
                    .port(new V1ServiceBackendPort().number(ServiceObject.PORT)));
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
        Common.json(
            new V1Ingress()
                .apiVersion(Kind.INGRESS.apiVersion())
                .kind(Kind.INGRESS.name())
                .metadata(metadata)
                .spec(spec));
    JsonObject patch = Common.metadataPatch(metadata);
    patch.add("spec", Common.json(spec));
    return Desired.of(Kind.INGRESS, workload.name(), body, patch);
  }
}
