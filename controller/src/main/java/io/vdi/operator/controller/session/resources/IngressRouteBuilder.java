package io.vdi.operator.controller.session.resources;

import com.google.gson.JsonObject;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ResourceType;
import java.util.List;
import java.util.Map;

/** Traefik's route from the session's host to its service. */
final class IngressRouteBuilder {
  private IngressRouteBuilder() {}

  static DesiredObject of(ResolvedSession workload) {
    SessionConfig settings = workload.settings();
    V1ObjectMeta metadata = ChildMetadata.metadata(workload.session(), workload.name());
    metadata.putAnnotationsItem(Annotations.HOST, workload.host());
    JsonObject spec =
        ChildMetadata.json(
            Map.of(
                "entryPoints",
                settings.ingress().entryPoints(),
                "routes",
                List.of(
                    Map.of(
                        "match",
                        "Host(`" + workload.fullHost() + "`)",
                        "kind",
                        "Rule",
                        "services",
                        List.of(Map.of("name", workload.name(), "port", ServiceBuilder.PORT))))));
    spec.add("tls", tls(settings.tls()));
    JsonObject body = new JsonObject();
    body.addProperty("apiVersion", ResourceType.INGRESS_ROUTE.apiVersion());
    body.addProperty("kind", ResourceType.INGRESS_ROUTE.kind());
    body.add("metadata", ChildMetadata.json(metadata));
    body.add("spec", spec);
    JsonObject patch = ChildMetadata.metadataPatch(metadata);
    patch.add("spec", spec.deepCopy());
    return DesiredObject.of(ResourceType.INGRESS_ROUTE, workload.name(), body, patch);
  }

  /** Null takes out what an earlier setting put there. */
  private static JsonObject tls(SessionConfig.Tls tls) {
    JsonObject result = new JsonObject();
    boolean resolver = tls.mode() == SessionConfig.TlsMode.CERT_RESOLVER;
    boolean secret = tls.mode() == SessionConfig.TlsMode.SECRET_NAME;
    result.add("certResolver", KubeGson.gson().toJsonTree(resolver ? tls.certResolver() : null));
    result.add("secretName", KubeGson.gson().toJsonTree(secret ? tls.secretName() : null));
    return result;
  }
}
