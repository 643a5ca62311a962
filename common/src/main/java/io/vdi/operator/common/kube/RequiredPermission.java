package io.vdi.operator.common.kube;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.vdi.operator.common.model.WatchedNamespaces;
import java.util.ArrayList;
import java.util.List;

/**
 * One verb on one resource of the API.
 *
 * @param resource the plural, with a subresource: {@code vdisessions/status}
 * @param resourceName the only object that it applies to; empty for all
 * @param namespace empty for all namespaces
 */
public record RequiredPermission(
    String verb, String group, String resource, String resourceName, String namespace) {

  /**
   * Each verb on each resource that a service needs.
   *
   * @param rules a file of the chart, files/roles/&lt;service&gt;.yaml: lists of rules for objects
   *     without namespace ({@code cluster}), for the namespaces with sessions ({@code sessions})
   *     and for the operator's namespace ({@code operator})
   * @param namespace the operator's
   * @param watched the namespaces with sessions
   */
  public static List<RequiredPermission> ofService(
      JsonObject rules, String namespace, WatchedNamespaces watched) {
    List<RequiredPermission> permissions = new ArrayList<>(of(rules, "cluster", ""));
    watched.scopes().forEach(scope -> permissions.addAll(of(rules, "sessions", scope)));
    permissions.addAll(of(rules, "operator", namespace));
    return List.copyOf(permissions);
  }

  private static List<RequiredPermission> of(JsonObject file, String list, String namespace) {
    List<RequiredPermission> permissions = new ArrayList<>();
    for (JsonElement element : file.getAsJsonArray(list)) {
      JsonObject rule = element.getAsJsonObject();
      List<String> names = texts(rule, "resourceNames");
      for (String group : texts(rule, "apiGroups")) {
        for (String resource : texts(rule, "resources")) {
          for (String verb : texts(rule, "verbs")) {
            for (String name : names.isEmpty() ? List.of("") : names) {
              permissions.add(new RequiredPermission(verb, group, resource, name, namespace));
            }
          }
        }
      }
    }
    return permissions;
  }

  private static List<String> texts(JsonObject rule, String field) {
    JsonArray values = rule.has(field) ? rule.getAsJsonArray(field) : new JsonArray();
    return values.asList().stream().map(JsonElement::getAsString).toList();
  }

  /** The {@code resourceAttributes} of an access review. */
  public JsonObject resourceAttributes() {
    String[] parts = resource.split("/", 2);
    JsonObject attributes = new JsonObject();
    attributes.addProperty("verb", verb);
    attributes.addProperty("group", group);
    attributes.addProperty("resource", parts[0]);
    attributes.addProperty("subresource", parts.length > 1 ? parts[1] : "");
    attributes.addProperty("name", resourceName);
    attributes.addProperty("namespace", namespace);
    return attributes;
  }

  /** {@code patch vdisessions.vdi.kasm.io/status}, {@code get secrets x in namespace y}. */
  @Override
  public String toString() {
    String[] parts = resource.split("/", 2);
    return verb
        + " "
        + parts[0]
        + (group.isEmpty() ? "" : "." + group)
        + (parts.length > 1 ? "/" + parts[1] : "")
        + (resourceName.isEmpty() ? "" : " " + resourceName)
        + (namespace.isEmpty() ? "" : " in namespace " + namespace);
  }
}
