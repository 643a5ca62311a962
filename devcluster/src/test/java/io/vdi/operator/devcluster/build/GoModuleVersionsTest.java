package io.vdi.operator.devcluster.build;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Go compiles a library again for each of its versions. The programs of the development cluster
 * share several hundred packages, which take minutes.
 */
class GoModuleVersionsTest {
  private static final List<String> MODULES =
      List.of(
          "containerd",
          "controlplane",
          "device-plugin",
          "dra-driver",
          "helm",
          "kwok",
          "local-path",
          "traefik");

  /** containerd requires a newer interface than the kubelet of the cluster. */
  private static final Set<String> OF_CONTAINERD =
      Set.of("k8s.io/cri-api", "k8s.io/cri-streaming", "k8s.io/streaming");

  private static final Pattern REQUIRED =
      Pattern.compile("^(?:\\s+|require )(\\S+) (v\\S+)(?: // indirect)?$", Pattern.MULTILINE);
  private static final Pattern REPLACED =
      Pattern.compile("^(?:\\s+|replace )(\\S+) => (\\S+) (v\\S+)$", Pattern.MULTILINE);

  @Test
  void allModulesRequireTheSameVersions() throws IOException {
    Map<String, Set<String>> versions = new TreeMap<>();
    for (String module : MODULES) {
      requirements(module)
          .forEach((library, version) ->
              versions.computeIfAbsent(library, key -> new TreeSet<>()).add(version));
    }
    versions.keySet().removeAll(OF_CONTAINERD);
    assertThat(versions).containsKey("k8s.io/client-go");
    versions.values().removeIf(found -> found.size() == 1);
    assertThat(versions)
        .describedAs("set these libraries to one version in all go.mod files, then go mod tidy")
        .isEmpty();
  }

  private static Map<String, String> requirements(String module) throws IOException {
    String file;
    try (InputStream in = GoModule.class.getResourceAsStream("go/" + module + "/go.mod")) {
      file = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    Map<String, String> versions = new TreeMap<>();
    REQUIRED.matcher(file).results().forEach(m -> versions.put(m.group(1), m.group(2)));
    REPLACED.matcher(file).results().forEach(m -> versions.replace(m.group(1), m.group(3)));
    return versions;
  }
}
