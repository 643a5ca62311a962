package io.vdi.operator.chart;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.Yaml;

/**
 * The README of the chart lists every value with its default and the comment above it in
 * values.yaml. {@code mvn test -pl chart-tests -am -Dtest=ChartReadmeTest -Dchart.readme.update}
 * writes it.
 */
class ChartReadmeTest {
  private static final Path CHART = Path.of("../charts/vdi-operator");
  private static final Path README = CHART.resolve("README.md");

  /** One value of values.yaml. */
  private record Value(String path, String defaultValue, String description) {}

  @Test
  @DisplayName("README.md of the chart is what values.yaml says")
  void upToDate() throws IOException {
    String expected = readme(values(Files.readAllLines(CHART.resolve("values.yaml"))));
    if (System.getProperty("chart.readme.update") != null) {
      Files.writeString(README, expected);
    }
    assertThat(Files.readString(README))
        .as("run this test with -Dchart.readme.update to write it")
        .isEqualTo(expected);
  }

  private static String readme(List<Value> values) throws IOException {
    Map<?, ?> chart = new Yaml().load(Files.readString(CHART.resolve("Chart.yaml")));
    String rows =
        values.stream()
            .map(value ->
                "| `%s` | %s | %s |"
                    .formatted(
                        value.path(),
                        value.defaultValue().isEmpty() ? "" : "`" + value.defaultValue() + "`",
                        value.description().replace("|", "\\|").replace("<", "&lt;")))
            .collect(Collectors.joining("\n"));
    return """
    # %s

    %s. Requires Kubernetes %s.

    ```console
    $ helm install vdi-operator charts/vdi-operator --namespace=vdi-system --create-namespace --values=values.yaml
    ```

    The repository's docs/install.md describes every step, and docs/configuration.md every setting below `config`.
    `make chart` packages the chart; `helm push vdi-operator-%s.tgz oci://<registry>/charts` publishes it. This file is
    written from values.yaml by `ChartReadmeTest`.

    ## Values

    | value | default | meaning |
    |---|---|---|
    %s
    """
        .formatted(
            chart.get("name"),
            chart.get("description"),
            chart.get("kubeVersion").toString().replace("-0", ""),
            chart.get("version"),
            rows);
  }

  /** Reads the keys of the file in order: a comment belongs to the value below it. */
  private static List<Value> values(List<String> lines) {
    List<Value> values = new ArrayList<>();
    Map<?, ?> all = new Yaml().load(String.join("\n", lines));
    List<String> path = new ArrayList<>();
    StringBuilder comment = new StringBuilder();
    for (String line : lines) {
      String text = line.strip();
      if (text.startsWith("#")) {
        comment.append(comment.isEmpty() ? "" : " ").append(text.substring(1).strip());
      } else if (text.isEmpty() || text.startsWith("- ")) {
        comment.setLength(0);
      } else if (text.indexOf(':') > 0) {
        int depth = (line.length() - line.stripLeading().length()) / 2;
        while (path.size() > depth) {
          path.removeLast();
        }
        path.add(text.substring(0, text.indexOf(':')));
        Object value = at(all, path);
        boolean section = text.endsWith(":") && value instanceof Map<?, ?>;
        if (!section || !comment.isEmpty()) {
          values.add(
              new Value(String.join(".", path), section ? "" : flow(value), comment.toString()));
        }
        comment.setLength(0);
      }
    }
    return values;
  }

  private static Object at(Object here, List<String> path) {
    for (String key : path) {
      here = ((Map<?, ?>) here).get(key);
    }
    return here;
  }

  private static String flow(Object value) {
    DumperOptions options = new DumperOptions();
    options.setDefaultFlowStyle(DumperOptions.FlowStyle.FLOW);
    options.setWidth(10_000);
    return value instanceof String text && text.isEmpty()
        ? "\"\""
        : new Yaml(options).dump(value).strip();
  }
}
