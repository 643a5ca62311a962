package io.vdi.operator.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.Permissions.Need;
import io.vdi.operator.common.service.BadConfig;
import io.vdi.operator.common.service.ConfigLayers;
import io.vdi.operator.devcluster.Manifests;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * Least privilege: the chart's roles grant exactly what the controller asks the cluster for at its
 * start, over all settings. That asking finds each right that is missing, BadStartIT shows.
 */
class RightsTest {
  @Test
  void theRolesGrantExactlyWhatIsNeeded() throws IOException, BadConfig {
    Set<String> needed = new TreeSet<>();
    for (String kind : List.of("traefik", "ingress", "none")) {
      for (Need need : Rights.needed(config(kind))) {
        needed.add(
            right(
                need.kind().group(),
                need.kind().plural()
                    + (need.subresource().isEmpty() ? "" : "/" + need.subresource()),
                need.verb()));
      }
    }
    Set<String> granted = new TreeSet<>(granted("controller-clusterrole.yaml"));
    granted.addAll(granted("controller-leader-role.yaml"));
    assertEquals(granted, needed);
  }

  private static ControllerConfig config(String ingressKind) throws BadConfig {
    return ControllerConfig.from(
        new ConfigLayers(
                Optional.empty(),
                Map.of("VDI_INGRESS_KIND", ingressKind),
                ControllerConfig.OPEN_SECTIONS)
            .load());
  }

  private static List<String> granted(String file) throws IOException {
    JsonObject role =
        Manifests.parse(Files.readString(RunningController.CHART.resolve("templates/" + file)))
            .getFirst();
    List<String> rights = new ArrayList<>();
    for (JsonElement each : role.getAsJsonArray("rules")) {
      JsonObject rule = each.getAsJsonObject();
      for (String group : strings(rule.getAsJsonArray("apiGroups"))) {
        for (String resource : strings(rule.getAsJsonArray("resources"))) {
          for (String verb : strings(rule.getAsJsonArray("verbs"))) {
            rights.add(right(group, resource, verb));
          }
        }
      }
    }
    return rights;
  }

  private static List<String> strings(JsonArray array) {
    return array.asList().stream().map(JsonElement::getAsString).toList();
  }

  private static String right(String group, String resource, String verb) {
    return verb + " " + resource + (group.isEmpty() ? "" : "." + group);
  }
}
