package io.vdi.operator.controller.session.resources;

import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.kubernetes.client.openapi.models.V1HTTPIngressPath;
import io.kubernetes.client.openapi.models.V1HTTPIngressRuleValue;
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
import java.util.stream.Stream;

/** Builds the route as an Ingress, which most ingress controllers understand. */
final class IngressBuilder {
  /** By this annotation an Ingress refers to Traefik's Middlewares. */
  private static final String MIDDLEWARES = "traefik.ingress.kubernetes.io/router.middlewares";

  /** By this annotation ingress-nginx speaks HTTPS with a Service; it verifies no certificate. */
  private static final String NGINX_PROTOCOL = IngressNginxBuilder.PROTOCOL;

  private IngressBuilder() {}

  static DesiredObject of(ResolvedSession resolved) {
    SessionConfig config = resolved.config();
    V1ObjectMeta metadata = ChildMetadata.metadata(resolved.session(), resolved.name());
    metadata.putAnnotationsItem(Annotations.HOST, resolved.host());
    AccessModeAnnotation.annotate(metadata, config);
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
    config
        .ingressNginx()
        .ifPresent(gate ->
            IngressNginxBuilder.annotations(gate, resolved.fullHost())
                .forEach(metadata.getAnnotations()::putIfAbsent));
    JsonObject spec = spec(config, resolved.fullHost(), "/", resolved.name(), ServiceBuilder.PORT);
    JsonObject body = ChildMetadata.object(ResourceType.INGRESS, metadata, spec);
    JsonObject patch = AccessModeAnnotation.metadataPatch(metadata, config);
    JsonObject annotations = patch.getAsJsonObject("metadata").getAsJsonObject("annotations");
    Stream.concat(Stream.of(MIDDLEWARES), IngressNginxBuilder.ANNOTATIONS.stream())
        .filter(name -> !annotations.has(name))
        .forEach(name -> annotations.add(name, JsonNull.INSTANCE));
    patch.add("spec", spec.deepCopy());
    return DesiredObject.of(ChildKind.ROUTE, ResourceType.INGRESS, resolved.name(), body, patch);
  }

  /** The spec of an Ingress that passes the requests below a path of a host to a Service. */
  static JsonObject spec(SessionConfig config, String host, String path, String service, int port) {
    V1IngressTLS tls = new V1IngressTLS().hosts(List.of(host));
    if (config.tls().mode() == SessionConfig.TlsMode.SECRET_NAME) {
      tls.secretName(config.tls().secretName());
    }
    V1IngressBackend backend =
        new V1IngressBackend()
            .service(
                new V1IngressServiceBackend()
                    .name(service)
                    .port(new V1ServiceBackendPort().number(port)));
    V1HTTPIngressPath below =
        new V1HTTPIngressPath().path(path).pathType("Prefix").backend(backend);
    return ChildMetadata.json(
        new V1IngressSpec()
            .ingressClassName(config.ingress().className().orElse(null))
            .tls(List.of(tls))
            .rules(
                List.of(
                    new V1IngressRule()
                        .host(host)
                        .http(new V1HTTPIngressRuleValue().paths(List.of(below))))));
  }
}
