package io.vdi.operator.common.kube;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
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
   * Each verb on each resource that the rules of a Role or ClusterRole name.
   *
   * @param namespace of a Role; empty for a ClusterRole
   */
  public static List<RequiredPermission> ofRole(JsonObject role, String namespace) {
    List<RequiredPermission> permissions = new ArrayList<>();
    for (JsonElement element : role.getAsJsonArray("rules")) {
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
