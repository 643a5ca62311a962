package io.vdi.operator.chart;

import com.google.gson.JsonObject;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.operator.Helm;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The chart of this checkout, rendered without a cluster. */
final class ChartTemplates {
  static final Path CHART = Path.of("../charts/vdi-operator");

  /** The operator's namespace. */
  static final String NAMESPACE = "vdi-system";

  private ChartTemplates() {}

  /**
   * Renders one template of the chart.
   *
   * @param template the name of its file
   * @param values of the chart, each as {@code key=value}
   */
  static List<JsonObject> render(String template, String... values) {
    List<String> flags = new ArrayList<>(List.of("--show-only=templates/" + template));
    for (String value : values) {
      flags.add("--set=" + value);
    }
    return Manifests.parse(Helm.offline().template(CHART, NAMESPACE, flags.toArray(String[]::new)));
  }
}
