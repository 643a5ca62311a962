package io.vdi.operator.cli.output;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import io.vdi.operator.common.kube.KubeGson;
import java.util.Locale;
import java.util.Map;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.Yaml;

/** The values of {@code --output}. */
public enum Format {
  /** Columns that fit the terminal. */
  TABLE,
  /** More columns, and nothing is cut. */
  WIDE,
  JSON,
  YAML;

  /** The element as JSON, else as YAML. */
  public String of(JsonElement element) {
    if (this == JSON) {
      return new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create().toJson(element);
    }
    DumperOptions options = new DumperOptions();
    options.setDefaultFlowStyle(DumperOptions.FlowStyle.BLOCK);
    return new Yaml(options)
        .dump(KubeGson.gson().fromJson(element, element.isJsonArray() ? Object[].class : Map.class))
        .strip();
  }

  public boolean isTable() {
    return this == TABLE || this == WIDE;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
