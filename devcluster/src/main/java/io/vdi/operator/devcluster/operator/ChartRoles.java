package io.vdi.operator.devcluster.operator;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.runtime.RequiredPermissions.RequiredPermission;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** What roles of the chart grant, to be compared with what a service needs. */
public final class ChartRoles {
  private ChartRoles() {}

  /** Each right as {@code patch vdisessions/status.vdi.kasm.io}. */
  public static Set<String> granted(Path chart, String... templates) throws IOException {
    Set<String> rights = new TreeSet<>();
    for (String template : templates) {
      String manifest = Files.readString(chart.resolve("templates").resolve(template));
      JsonObject role = Manifests.parse(manifest).getFirst();
      for (JsonElement each : role.getAsJsonArray("rules")) {
        JsonObject rule = each.getAsJsonObject();
        for (String group : strings(rule, "apiGroups")) {
          for (String resource : strings(rule, "resources")) {
            strings(rule, "verbs").forEach(verb -> rights.add(right(group, resource, verb)));
          }
        }
      }
    }
    return rights;
  }

  public static Set<String> asGrants(List<RequiredPermission> needs) {
    Set<String> rights = new TreeSet<>();
    for (RequiredPermission need : needs) {
      String subresource = need.subresource().isEmpty() ? "" : "/" + need.subresource();
      rights.add(right(need.kind().group(), need.kind().plural() + subresource, need.verb()));
    }
    return rights;
  }

  private static List<String> strings(JsonObject rule, String field) {
    return rule.getAsJsonArray(field).asList().stream().map(JsonElement::getAsString).toList();
  }

  private static String right(String group, String resource, String verb) {
    return verb + " " + resource + (group.isEmpty() ? "" : "." + group);
  }
}
