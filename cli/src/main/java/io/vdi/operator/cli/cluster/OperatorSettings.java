package io.vdi.operator.cli.cluster;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.WatchedNamespaces;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.util.List;
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
  private static final String CONTROLLER = "controller.yaml";
  private static final String GATE = "gate.yaml";

  private OperatorSettings() {}

  /** {@code gate.oidc.issuer}; empty without a gate or a provider. */
  public static Optional<String> issuer(ClusterAccess cluster) {
    return text(cluster, GATE, "gate", "oidc", "issuer");
  }

  /** {@code gate.publicUrl}; empty without a gate. */
  public static Optional<String> portal(ClusterAccess cluster) {
    return text(cluster, GATE, "gate", "publicUrl");
  }

  /**
   * {@code gate.publicUrl} of a gate that lets guests watch by a link.
   *
   * @throws CliException also if there is no gate, or {@code gate.desktops.links} is off
   */
  public static String portalOfLinks(ClusterAccess cluster) {
    Optional<JsonObject> config = required(cluster);
    String portal =
        nonEmpty(value(config, GATE, "gate", "publicUrl"))
            .orElseThrow(() ->
                new CliException.Failed(
                    "gate.publicUrl is not set: only the gate opens links; ask an administrator to"
                        + " install it with gate.enabled"));
    // YAML reads off without quotes as false.
    Object links = value(config, GATE, "gate", "desktops", "links");
    if (!links.equals("view")) {
      throw new CliException.Failed(
          "gate.desktops.links is not view, so a link lets nobody in: share with an e-mail address,"
              + " or ask an administrator to set it to view");
    }
    return portal;
  }

  /**
   * {@code access.mode} of the controller: {@code gate} or {@code basic}; empty if it is absent.
   */
  public static Optional<String> accessMode(ClusterAccess cluster) {
    return text(cluster, CONTROLLER, "access", "mode");
  }

  /**
   * {@code ingress.kind} of the controller: {@code traefik}, {@code ingress}, {@code gateway} or
   * {@code none}; empty if it is absent.
   */
  public static Optional<String> ingressKind(ClusterAccess cluster) {
    return text(cluster, CONTROLLER, "ingress", "kind");
  }

  /**
   * {@code usage.timeZone} of the controller: where months begin; UTC if it is absent.
   *
   * @throws CliException if there is no ConfigMap
   */
  public static ZoneId usageZone(ClusterAccess cluster) {
    String name = nonEmpty(value(required(cluster), CONTROLLER, "usage", "timeZone")).orElse("UTC");
    try {
      return ZoneId.of(name);
    } catch (DateTimeException e) {
      throw new CliException.Failed(
          "ConfigMap " + CONFIG + ": usage.timeZone \"" + name + "\" is not a time zone");
    }
  }

  /** {@code watchNamespaces} of the controller; all namespaces if there is no ConfigMap. */
  public static WatchedNamespaces watchedNamespaces(ClusterAccess cluster) {
    return value(config(cluster), CONTROLLER, "watchNamespaces") instanceof List<?> names
        ? WatchedNamespaces.of(names.stream().map(String::valueOf).toList())
        : WatchedNamespaces.ALL;
  }

  /**
   * The section {@code quota} of the controller; empty if it is absent.
   *
   * @throws CliException if there is no ConfigMap
   */
  public static JsonObject quota(ClusterAccess cluster) {
    return KubeGson.gson().toJsonTree(value(required(cluster), CONTROLLER, "quota"))
            instanceof JsonObject section
        ? section
        : new JsonObject();
  }

  private static Optional<JsonObject> required(ClusterAccess cluster) {
    Optional<JsonObject> config = config(cluster);
    if (config.isEmpty()) {
      throw new CliException.Failed(
          "there is no ConfigMap "
              + CONFIG
              + " in namespace "
              + cluster.operatorNamespace()
              + "; see --operator-namespace");
    }
    return config;
  }

  /** The ConfigMap, by its usual name first: that needs one request and the least permissions. */
  private static Optional<JsonObject> config(ClusterAccess cluster) {
    String namespace = cluster.operatorNamespace();
    return cluster
        .get(ResourceType.CONFIG_MAP.path(namespace, CONFIG))
        .or(() ->
            Optional.of(cluster.chartName("config"))
                .filter(name -> !name.equals(CONFIG))
                .flatMap(name -> cluster.get(ResourceType.CONFIG_MAP.path(namespace, name))));
  }

  private static Optional<String> text(ClusterAccess cluster, String file, String... path) {
    return nonEmpty(value(config(cluster), file, path));
  }

  private static Optional<String> nonEmpty(Object value) {
    return value instanceof String text && !text.isEmpty() ? Optional.of(text) : Optional.empty();
  }

  /** A value of a file; an empty text if it is absent. */
  private static Object value(Optional<JsonObject> config, String file, String... path) {
    String yaml = config.map(found -> Json.text(found, "data", file)).orElse("");
    Object value;
    try {
      value = new Yaml(new SafeConstructor(new LoaderOptions())).<Object>load(yaml);
    } catch (YAMLException e) {
      throw new CliException.Failed(
          "ConfigMap " + CONFIG + " cannot be read: " + file + " is not YAML");
    }
    for (String name : path) {
      value = value instanceof Map<?, ?> map && map.containsKey(name) ? map.get(name) : "";
    }
    return value;
  }
}
