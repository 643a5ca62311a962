package io.vdi.operator.cli.doctor;

import com.google.gson.JsonElement;
import io.vdi.operator.common.kube.KubeGson;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import org.yaml.snakeyaml.Yaml;

/** Files of the chart of this version, which the jar brings. */
final class BundledChart {
  private BundledChart() {}

  /** One of its files without templating. */
  static JsonElement yaml(String file) {
    try (InputStream in = BundledChart.class.getResourceAsStream("/chart/" + file)) {
      return KubeGson.gson().toJsonTree(new Yaml().<Object>load(in));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
