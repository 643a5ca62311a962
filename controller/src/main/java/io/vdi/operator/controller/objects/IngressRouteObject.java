package io.vdi.operator.controller.objects;

import com.google.gson.JsonObject;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.vdi.operator.common.kube.Kind;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.Names;
import io.vdi.operator.controller.plan.Settings;
import java.util.List;
import java.util.Map;

/** Traefik's route from the session's host to its service. */
final class IngressRouteObject {
  private IngressRouteObject() {}

  static Desired of(Workload workload) {
    Settings settings = workload.settings();
    V1ObjectMeta metadata = Common.metadata(workload.session(), workload.name());
    metadata.putAnnotationsItem(Names.HOST, workload.host());
    JsonObject spec =
        Common.json(
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
                        List.of(Map.of("name", workload.name(), "port", ServiceObject.PORT))))));
    spec.add("tls", tls(settings.tls()));
    JsonObject body = new JsonObject();
    body.addProperty("apiVersion", Kind.INGRESS_ROUTE.apiVersion());
    body.addProperty("kind", Kind.INGRESS_ROUTE.name());
    body.add("metadata", Common.json(metadata));
    body.add("spec", spec);
    JsonObject patch = Common.metadataPatch(metadata);
    patch.add("spec", spec.deepCopy());
    return Desired.of(Kind.INGRESS_ROUTE, workload.name(), body, patch);
  }

  /** Null takes out what an earlier setting put there. */
  private static JsonObject tls(Settings.Tls tls) {
    JsonObject result = new JsonObject();
    boolean resolver = tls.mode() == Settings.TlsMode.CERT_RESOLVER;
    boolean secret = tls.mode() == Settings.TlsMode.SECRET_NAME;
    result.add("certResolver", KubeGson.gson().toJsonTree(resolver ? tls.certResolver() : null));
    result.add("secretName", KubeGson.gson().toJsonTree(secret ? tls.secretName() : null));
    return result;
  }
}
