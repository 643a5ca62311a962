package io.vdi.operator.controller.session.resources;

import com.google.gson.JsonObject;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.ResourceType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Builds the route as an HTTPRoute of the Gateway API. TLS is a setting of the Gateway. */
final class HttpRouteBuilder {
  private HttpRouteBuilder() {}

  static DesiredObject of(ResolvedSession resolved) {
    SessionConfig config = resolved.config();
    V1ObjectMeta metadata = ChildMetadata.metadata(resolved.session(), resolved.name());
    metadata.putAnnotationsItem(Annotations.HOST, resolved.host());
    AccessModeAnnotation.annotate(metadata, config);
    RouteMetadata.add(metadata, config);
    Map<String, Object> rule = new TreeMap<>();
    rule.put("matches", List.of(Map.of("path", Map.of("type", "PathPrefix", "value", "/"))));
    rule.put("backendRefs", List.of(Map.of("name", resolved.name(), "port", ServiceBuilder.PORT)));
    List<Object> filters = new ArrayList<>();
    for (SessionConfig.MiddlewareRef middleware : config.middlewares()) {
      Map<String, String> reference =
          Map.of(
              "group",
              ResourceType.MIDDLEWARE.group(),
              "kind",
              ResourceType.MIDDLEWARE.kind(),
              "name",
              middleware.name());
      filters.add(Map.of("type", "ExtensionRef", "extensionRef", reference));
    }
    if (!filters.isEmpty()) {
      rule.put("filters", filters);
    }
    JsonObject spec =
        ChildMetadata.json(
            Map.of(
                "parentRefs",
                config.ingress().parentRefs().stream().map(HttpRouteBuilder::parent).toList(),
                "hostnames",
                List.of(resolved.fullHost()),
                "rules",
                List.of(rule)));
    JsonObject body = ChildMetadata.object(ResourceType.HTTP_ROUTE, metadata, spec);
    JsonObject patch = AccessModeAnnotation.metadataPatch(metadata, config);
    patch.add("spec", spec.deepCopy());
    return DesiredObject.of(ChildKind.ROUTE, ResourceType.HTTP_ROUTE, resolved.name(), body, patch);
  }

  private static Map<String, Object> parent(SessionConfig.ParentRef gateway) {
    Map<String, Object> result = new TreeMap<>();
    gateway.group().ifPresent(group -> result.put("group", group));
    gateway.kind().ifPresent(kind -> result.put("kind", kind));
    gateway.namespace().ifPresent(namespace -> result.put("namespace", namespace));
    result.put("name", gateway.name());
    gateway.sectionName().ifPresent(section -> result.put("sectionName", section));
    gateway.port().ifPresent(port -> result.put("port", port));
    return result;
  }
}
