package io.vdi.operator.cli.doctor;

import com.google.gson.JsonElement;
import io.vdi.operator.common.kube.KubeGson;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import org.yaml.snakeyaml.Yaml;

/** Files of the Helm chart of the same version, which the jar contains. */
final class BundledChart {
  private BundledChart() {}

  /**
   * One file of the chart, parsed.
   *
   * @param file such as {@code files/roles/reaper.yaml}; it must not contain Helm templates
   */
  static JsonElement yaml(String file) {
    try (InputStream in = BundledChart.class.getResourceAsStream("/chart/" + file)) {
      return KubeGson.gson().toJsonTree(new Yaml().<Object>load(in));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
