package io.vdi.operator.controller.session.resources;

import com.google.gson.JsonObject;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.HostNames;
import io.vdi.operator.common.model.ResourceNames;
import io.vdi.operator.common.model.ResourceType;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Builds Traefik's route from the session's host to its Service. */
final class IngressRouteBuilder {
  private IngressRouteBuilder() {}

  static DesiredObject of(ResolvedSession resolved) {
    SessionConfig config = resolved.config();
    V1ObjectMeta metadata = ChildMetadata.metadata(resolved.session(), resolved.name());
    metadata.putAnnotationsItem(Annotations.HOST, resolved.host());
    AccessModeAnnotation.annotate(metadata, config);
    RouteMetadata.add(metadata, config);
    Map<String, Object> rule = new HashMap<>();
    rule.put("match", "Host(`" + resolved.fullHost() + "`)");
    rule.put("kind", "Rule");
    rule.put("services", List.of(service(resolved)));
    if (!config.middlewares().isEmpty()) {
      rule.put(
          "middlewares",
          config.middlewares().stream()
              .map(middleware ->
                  middleware
                      .namespace()
                      .map(namespace -> Map.of("name", middleware.name(), "namespace", namespace))
                      .orElse(Map.of("name", middleware.name())))
              .toList());
    }
    JsonObject spec =
        ChildMetadata.json(
            Map.of("entryPoints", config.ingress().entryPoints(), "routes", List.of(rule)));
    spec.add("tls", tls(resolved));
    JsonObject body = ChildMetadata.object(ResourceType.INGRESS_ROUTE, metadata, spec);
    JsonObject patch = AccessModeAnnotation.metadataPatch(metadata, config);
    patch.add("spec", spec.deepCopy());
    return DesiredObject.of(
        ChildKind.ROUTE, ResourceType.INGRESS_ROUTE, resolved.name(), body, patch);
  }

  private static Map<String, Object> service(ResolvedSession resolved) {
    return switch (resolved.template().server().scheme()) {
      case HTTP -> Map.of("name", resolved.name(), "port", ServiceBuilder.PORT);
      case HTTPS ->
          Map.of(
              "name",
              resolved.name(),
              "port",
              ServiceBuilder.PORT,
              "scheme",
              "https",
              "serversTransport",
              ResourceNames.SERVERS_TRANSPORT);
    };
  }

  /**
   * Null removes the field that an earlier {@code tls.mode} set. Only the host of a user's e-mail
   * address gets a certificate of the resolver: each host is an ACME order, and every session could
   * have another host with a hash. Such hosts get the default certificate of the router.
   */
  private static JsonObject tls(ResolvedSession resolved) {
    SessionConfig.Tls tls = resolved.config().tls();
    JsonObject result = new JsonObject();
    boolean resolver =
        tls.mode() == SessionConfig.TlsMode.CERT_RESOLVER
            && resolved.host().equals(HostNames.preferred(resolved.session().spec().user()));
    boolean secret = tls.mode() == SessionConfig.TlsMode.SECRET_NAME;
    result.add("certResolver", KubeGson.gson().toJsonTree(resolver ? tls.certResolver() : null));
    result.add("secretName", KubeGson.gson().toJsonTree(secret ? tls.secretName() : null));
    return result;
  }
}
