package io.vdi.operator.controller.session.resources;

import com.google.gson.JsonNull;
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
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.ResourceType;
import java.util.List;
import java.util.stream.Collectors;

/** Builds the route as an Ingress, which most ingress controllers understand. */
final class IngressBuilder {
  /** By this annotation an Ingress refers to Traefik's Middlewares. */
  private static final String MIDDLEWARES = "traefik.ingress.kubernetes.io/router.middlewares";

  /** By this annotation ingress-nginx speaks HTTPS with a Service; it verifies no certificate. */
  private static final String NGINX_PROTOCOL = "nginx.ingress.kubernetes.io/backend-protocol";

  private IngressBuilder() {}

  static DesiredObject of(ResolvedSession resolved) {
    SessionConfig config = resolved.config();
    V1ObjectMeta metadata = ChildMetadata.metadata(resolved.session(), resolved.name());
    metadata.putAnnotationsItem(Annotations.HOST, resolved.host());
    RouteAccess.annotate(metadata, config);
    RouteMetadata.add(metadata, config);
    if (!config.middlewares().isEmpty()) {
      metadata.putAnnotationsItem(
          MIDDLEWARES,
          config.middlewares().stream()
              .map(middleware ->
                  "%s-%s@kubernetescrd"
                      .formatted(
                          middleware.namespace().orElse(resolved.session().namespace()),
                          middleware.name()))
              .collect(Collectors.joining(",")));
    }
    switch (resolved.template().server().scheme()) {
      case HTTP -> {
        // The default of every ingress controller.
      }
      case HTTPS -> metadata.putAnnotationsItem(NGINX_PROTOCOL, "HTTPS");
    }
    V1IngressTLS tls = new V1IngressTLS().hosts(List.of(resolved.fullHost()));
    if (config.tls().mode() == SessionConfig.TlsMode.SECRET_NAME) {
      tls.secretName(config.tls().secretName());
    }
    V1IngressBackend backend =
        new V1IngressBackend()
            .service(
                new V1IngressServiceBackend()
                    .name(resolved.name())
                    .port(new V1ServiceBackendPort().number(ServiceBuilder.PORT)));
    V1IngressSpec spec =
        new V1IngressSpec()
            .ingressClassName(config.ingress().className().orElse(null))
            .tls(List.of(tls))
            .rules(
                List.of(
                    new V1IngressRule()
                        .host(resolved.fullHost())
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
    JsonObject patch = RouteAccess.metadataPatch(metadata, config);
    if (config.middlewares().isEmpty()) {
      patch
          .getAsJsonObject("metadata")
          .getAsJsonObject("annotations")
          .add(MIDDLEWARES, JsonNull.INSTANCE);
    }
    patch.add("spec", ChildMetadata.json(spec));
    return DesiredObject.of(ChildKind.ROUTE, ResourceType.INGRESS, resolved.name(), body, patch);
  }
}
