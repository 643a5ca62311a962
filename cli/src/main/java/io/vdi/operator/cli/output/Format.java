package io.vdi.operator.cli.output;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import io.vdi.operator.common.kube.KubeGson;
import java.util.Locale;
import java.util.Map;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.Yaml;

/** How a list or an object is printed. */
public enum Format {
  /** For people. */
  TABLE,
  /** For people with wide terminals: nothing is cut. */
  WIDE,
  JSON,
  YAML;

  /** JSON or YAML of what kubectl would print too. */
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
