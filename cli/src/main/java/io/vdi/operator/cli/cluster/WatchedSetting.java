package io.vdi.operator.cli.cluster;

import com.google.gson.JsonObject;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.WatchedNamespaces;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/** The setting {@code watchNamespaces} of the installed operator. */
public final class WatchedSetting {
  private static final String CONFIG = "vdi-config";
  private static final String FILE = "controller.yaml";

  private WatchedSetting() {}

  /**
   * From the ConfigMap that the chart installs; all namespaces if there is none.
   *
   * @throws CliException if it cannot be read
   */
  public static WatchedNamespaces read(ClusterAccess cluster) {
    Optional<JsonObject> config =
        cluster.get(ResourceType.CONFIG_MAP.path(cluster.operatorNamespace(), CONFIG));
    String file = config.map(found -> Json.text(found, "data", FILE)).orElse("");
    try {
      return new Yaml(new SafeConstructor(new LoaderOptions())).<Object>load(file)
                  instanceof Map<?, ?> settings
              && settings.get("watchNamespaces") instanceof List<?> names
          ? WatchedNamespaces.of(names.stream().map(String::valueOf).toList())
          : WatchedNamespaces.ALL;
    } catch (YAMLException e) {
      throw new CliException.Failed("ConfigMap " + CONFIG + ": " + FILE + " is not YAML");
    }
  }
}
