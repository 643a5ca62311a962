package io.vdi.operator.cli.cluster;

import com.google.gson.JsonObject;
import io.vdi.operator.common.model.ResourceType;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.util.Map;
import java.util.Optional;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * Settings of the installed operator, from the ConfigMap of the chart. Every method throws {@link
 * CliException} if the user may not read it.
 */
public final class OperatorSettings {
  private static final String CONFIG = "vdi-config";

  private OperatorSettings() {}

  /** {@code gate.oidc.issuer}; empty without a gate or a provider. */
  public static Optional<String> issuer(ClusterAccess cluster) {
    return text(cluster, "gate.yaml", "gate", "oidc", "issuer");
  }

  /** {@code gate.publicUrl}; empty without a gate. */
  public static Optional<String> portal(ClusterAccess cluster) {
    return text(cluster, "gate.yaml", "gate", "publicUrl");
  }

  /**
   * {@code access.mode} of the controller: {@code gate} or {@code basic}; empty if it is absent.
   */
  public static Optional<String> accessMode(ClusterAccess cluster) {
    return text(cluster, "controller.yaml", "access", "mode");
  }

  /**
   * {@code ingress.kind} of the controller: {@code traefik}, {@code ingress}, {@code gateway} or
   * {@code none}; empty if it is absent.
   */
  public static Optional<String> ingressKind(ClusterAccess cluster) {
    return text(cluster, "controller.yaml", "ingress", "kind");
  }

  /**
   * {@code usage.timeZone} of the controller: where months begin; UTC if it is absent.
   *
   * @throws CliException if there is no ConfigMap
   */
  public static ZoneId usageZone(ClusterAccess cluster) {
    String namespace = cluster.operatorNamespace();
    if (cluster.get(ResourceType.CONFIG_MAP.path(namespace, CONFIG)).isEmpty()) {
      throw new CliException.Failed(
          "there is no ConfigMap "
              + CONFIG
              + " in namespace "
              + namespace
              + "; see --operator-namespace");
    }
    String name = text(cluster, "controller.yaml", "usage", "timeZone").orElse("UTC");
    try {
      return ZoneId.of(name);
    } catch (DateTimeException e) {
      throw new CliException.Failed(
          "ConfigMap " + CONFIG + ": usage.timeZone \"" + name + "\" is not a time zone");
    }
  }

  private static Optional<String> text(ClusterAccess cluster, String file, String... path) {
    Optional<JsonObject> config =
        cluster.get(ResourceType.CONFIG_MAP.path(cluster.operatorNamespace(), CONFIG));
    String yaml = config.map(found -> Json.text(found, "data", file)).orElse("");
    Object value;
    try {
      value = new Yaml(new SafeConstructor(new LoaderOptions())).<Object>load(yaml);
    } catch (YAMLException e) {
      throw new CliException.Failed("ConfigMap " + CONFIG + ": " + file + " is not YAML");
    }
    for (String name : path) {
      value = value instanceof Map<?, ?> map && map.containsKey(name) ? map.get(name) : "";
    }
    return value instanceof String text && !text.isEmpty() ? Optional.of(text) : Optional.empty();
  }
}
