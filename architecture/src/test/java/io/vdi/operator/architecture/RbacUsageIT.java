package io.vdi.operator.architecture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

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
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The chart grants no permission that a service does not use. The tests of each module run their
 * service with the chart's roles and record, from the API server's audit log, which permissions its
 * requests used.
 */
class RbacUsageIT {
  private static final Set<String> NOT_RECORDED =
      Set.of(
          // Checked by an admission plugin when an owner reference is set; there is no request.
          "update vdi.kasm.io vdisessions/finalizers",
          // Checked when a RoleBinding to the role is created; there is no request.
          "bind rbac.authorization.k8s.io clusterroles");

  @ParameterizedTest
  @EnumSource
  void everyPermissionOfTheRolesIsUsed(OperatorService service) throws IOException {
    List<Path> records = records(Path.of("..", service.module(), "target"));
    assumeFalse(records.isEmpty(), "the tests of " + service.module() + " were not run before");
    Set<String> unused = new TreeSet<>(granted(service));
    assertThat(unused).isNotEmpty();
    String prefix = service.account() + " ";
    for (Path record : records) {
      Files.readAllLines(record).stream()
          .filter(line -> line.startsWith(prefix))
          .forEach(line -> unused.remove(line.substring(prefix.length())));
    }
    unused.removeAll(NOT_RECORDED);
    assertEquals(Set.of(), unused);
  }

  /** One file for each JVM that has run tests of the module. */
  private static List<Path> records(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.getFileName().toString().startsWith("used-permissions-"))
          .toList();
    }
  }

  private static List<String> granted(OperatorService service) throws IOException {
    List<String> permissions = new ArrayList<>();
    Path file = Path.of("../charts/vdi-operator/files/roles", service.module() + ".yaml");
    JsonObject lists = Manifests.parse(Files.readString(file)).getFirst();
    for (String list : List.of("cluster", "sessions", "operator")) {
      for (JsonElement rule : lists.getAsJsonArray(list)) {
        for (String group : texts(rule, "apiGroups")) {
          for (String resource : texts(rule, "resources")) {
            for (String verb : texts(rule, "verbs")) {
              permissions.add(verb + " " + group + " " + resource);
            }
          }
        }
      }
    }
    return permissions;
  }

  private static List<String> texts(JsonElement rule, String field) {
    List<String> texts = new ArrayList<>();
    rule.getAsJsonObject().getAsJsonArray(field).forEach(text -> texts.add(text.getAsString()));
    return texts;
  }
}
