package io.vdi.operator.chart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.operator.OperatorService;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The chart grants no right that a service does without. Each module's tests run their service with
 * the chart's roles, and the API server writes down which of them it let through; without one of
 * these, a test of that module would meet a 403.
 */
class RbacUsageIT {
  private static final Set<String> OTHERWISE =
      Set.of(
          // Asked for by an admission plugin, when owner references are set, and not by a request.
          "update vdi.kasm.io vdisessions/finalizers",
          // For labels that others changed: only every few hours, longer than a test.
          "patch  pods");

  @ParameterizedTest
  @EnumSource
  void everyRightOfTheRolesIsUsed(OperatorService service) throws IOException {
    Path used = Path.of("..", service.module(), "target", "used-rights.txt");
    assumeTrue(Files.exists(used), "the tests of " + service.module() + " were not run before");
    Set<String> unused = new TreeSet<>(granted(service));
    assertFalse(unused.isEmpty());
    String prefix = service.account() + " ";
    Files.readAllLines(used).stream()
        .filter(line -> line.startsWith(prefix))
        .forEach(line -> unused.remove(line.substring(prefix.length())));
    unused.removeAll(OTHERWISE);
    assertEquals(Set.of(), unused);
  }

  private static List<String> granted(OperatorService service) throws IOException {
    List<String> rights = new ArrayList<>();
    for (String kind : List.of("clusterrole", "role")) {
      Path file =
          Path.of("../charts/vdi-operator/templates", service.module() + "-" + kind + ".yaml");
      for (JsonObject role : Manifests.parse(Files.readString(file))) {
        for (JsonElement rule : role.getAsJsonArray("rules")) {
          for (String group : texts(rule, "apiGroups")) {
            for (String resource : texts(rule, "resources")) {
              for (String verb : texts(rule, "verbs")) {
                rights.add(verb + " " + group + " " + resource);
              }
            }
          }
        }
      }
    }
    return rights;
  }

  private static List<String> texts(JsonElement rule, String field) {
    List<String> texts = new ArrayList<>();
    rule.getAsJsonObject().getAsJsonArray(field).forEach(text -> texts.add(text.getAsString()));
    return texts;
  }
}
