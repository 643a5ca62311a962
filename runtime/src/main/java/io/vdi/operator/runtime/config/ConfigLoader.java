package io.vdi.operator.runtime.config;

import io.helidon.config.Config;
import io.helidon.config.ConfigException;
import io.helidon.config.ConfigSources;
import io.helidon.config.spi.ConfigNode;
import io.helidon.config.spi.ConfigNode.ListNode;
import io.helidon.config.spi.ConfigNode.ObjectNode;
import io.helidon.config.spi.ConfigNode.ValueNode;
import io.helidon.config.spi.ConfigSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads the configuration of a service from its three layers: {@code application.yaml} in the jar,
 * then the mounted file, then the environment; docs/specification.md, section 6. The first layer
 * names every key that exists. The loader refuses any other key in the file and in the environment,
 * so that a misspelled key is never ignored.
 */
public final class ConfigLoader {
  private static final Logger LOG = LoggerFactory.getLogger(ConfigLoader.class);

  /**
   * The prefix of environment variables that are settings. Kubernetes sets variables for each
   * Service of the namespace, such as {@code VDI_TURN_PORT=tcp://10.0.0.1:3478} for a Service
   * {@code vdi-turn}. Their names contain only capital letters, digits and underscores, whatever
   * the Service is called. The lower-case letters of this prefix exclude them, so nobody who can
   * create Services changes a setting.
   */
  private static final String PREFIX = "vdiConfig_";

  /** The prefix of settings in former releases. */
  private static final String FORMER_PREFIX = "VDI_";

  private static final String JAR_LAYER = "application.yaml in the jar";

  static final String LEVELS = "logging.levels";

  /** Every key below these is allowed: it is the name of a logger, a label or an annotation. */
  private static final Set<String> MAPS = Set.of(LEVELS, "ingress.labels", "ingress.annotations");

  /** Values that Kubernetes gives to variables such as {@code VDI_TURN_PORT}. */
  private static final Pattern SERVICE_LINK = Pattern.compile("(tcp|udp|sctp)://.*");

  private final Optional<Path> file;
  private final Map<String, String> environment;
  private final Map<String, String> renamedKeys;

  /** A loader without renamed keys. */
  public ConfigLoader(Optional<Path> file, Map<String, String> environment) {
    this(file, environment, Map.of());
  }

  /**
   * @param file the mounted file, if any
   * @param environment the environment variables of the process
   * @param renamedKeys the current key by its former key. A former key in the file or the
   *     environment sets the current one and logs a warning, so that an upgrade does not break
   *     existing configuration. Both at the same layer are a problem, because either could be the
   *     intended one.
   */
  public ConfigLoader(
      Optional<Path> file, Map<String, String> environment, Map<String, String> renamedKeys) {
    this.file = file;
    this.environment = environment;
    this.renamedKeys = new TreeMap<>(renamedKeys);
  }

  /** The file that {@code VDI_CONFIG_FILE} names; empty when the variable is unset or blank. */
  public static Optional<Path> mountedFile(Map<String, String> environment) {
    return Optional.ofNullable(environment.get("VDI_CONFIG_FILE"))
        .filter(name -> !name.isBlank())
        .map(Path::of);
  }

  public Optional<Path> file() {
    return file;
  }

  /**
   * Reads all layers again.
   *
   * @throws InvalidConfigException when the file is unreadable, is not YAML or sets an unknown key,
   *     or when a layer sets both the former and the current name of a key
   */
  public Config load() throws InvalidConfigException {
    Set<String> known =
        keys(build(JAR_LAYER, List.of(ConfigSources.classpath("application.yaml"))));
    List<String> problems = new ArrayList<>();
    List<Supplier<? extends ConfigSource>> sources = new ArrayList<>();
    sources.add(ConfigSources.create(fromEnvironment(known, problems)));
    if (file.isPresent()) {
      Path path = file.get();
      if (!Files.isReadable(path)) {
        throw new InvalidConfigException(
            List.of("VDI_CONFIG_FILE names " + path + ", which cannot be read"));
      }
      Config mounted = build(path.getFileName().toString(), List.of(ConfigSources.file(path)));
      sources.add(
          ConfigSources.create(fromFormerKeys(mounted, path.getFileName(), known, problems)));
      sources.add(ConfigSources.file(path));
    }
    sources.add(ConfigSources.classpath("application.yaml"));
    if (!problems.isEmpty()) {
      throw new InvalidConfigException(problems);
    }
    return build("configuration", sources);
  }

  /**
   * The environment variable of a key: {@code vdiConfig_TLS_CERT_RESOLVER} sets tls.certResolver.
   */
  static String variable(String key) {
    return PREFIX
        + key.replace('.', '_').replaceAll("([a-z0-9])([A-Z])", "$1_$2").toUpperCase(Locale.ROOT);
  }

  private Map<String, String> fromEnvironment(Set<String> known, List<String> problems) {
    Map<String, String> keyOf = new HashMap<>();
    known.forEach(key -> keyOf.put(variable(key), key));
    Map<String, String> currentOf = new HashMap<>();
    renamedKeys.forEach((former, current) -> currentOf.put(variable(former), current));
    Map<String, String> settings = new HashMap<>();
    environment.forEach((variable, value) -> {
      String current = currentOf.get(variable);
      if (current != null) {
        settings.put(current, value);
        boolean both = environment.containsKey(variable(current));
        warnOrReport("environment", variable, variable(current), both, problems);
      } else if (keyOf.containsKey(variable)) {
        settings.put(keyOf.get(variable), value);
      } else if (variable.startsWith(PREFIX)) {
        problems.add("environment: no setting is called " + variable);
      }
    });
    keyOf.keySet().forEach(this::warnAboutFormerPrefix);
    currentOf.keySet().forEach(this::warnAboutFormerPrefix);
    return settings;
  }

  /**
   * Warns when the environment has a setting with the former prefix. Its value is not applied,
   * because it can come from a Service link.
   */
  private void warnAboutFormerPrefix(String variable) {
    String former = FORMER_PREFIX + variable.substring(PREFIX.length());
    String value = environment.getOrDefault(former, "");
    if (!value.isEmpty() && !SERVICE_LINK.matcher(value).matches()) {
      LOG.warn(
          "environment: {} is ignored, because settings now have the prefix {}: rename it to {}, or"
              + " remove it",
          former,
          PREFIX,
          variable);
    }
  }

  /** What the file sets by former keys, under the current keys. Reports unknown keys. */
  private ObjectNode fromFormerKeys(
      Config mounted, Path name, Set<String> known, List<String> problems) {
    Set<String> present = keys(mounted);
    ObjectNode.Builder moved = ObjectNode.builder();
    for (String key : present) {
      String current = renamedKeys.get(key);
      if (current != null) {
        moved.addNode(current, node(mounted.get(key)));
        warnOrReport(name.toString(), key, current, present.contains(current), problems);
      } else if (!known.contains(key) && !isInMap(key)) {
        problems.add(name + ": no setting is called \"" + key + "\"");
      }
    }
    return moved.build();
  }

  private static boolean isInMap(String key) {
    return MAPS.stream().anyMatch(map -> key.startsWith(map + "."));
  }

  private static void warnOrReport(
      String layer, String former, String current, boolean both, List<String> problems) {
    if (both) {
      problems.add(
          "%s: \"%s\" is the former name of \"%s\" and both are set: remove \"%s\""
              .formatted(layer, former, current, former));
    } else {
      LOG.warn("{}: \"{}\" is now called \"{}\": rename it", layer, former, current);
    }
  }

  private static ConfigNode node(Config config) {
    return switch (config.type()) {
      case OBJECT -> object(config);
      case LIST -> list(config);
      case VALUE, MISSING -> value(config);
    };
  }

  private static ObjectNode object(Config config) {
    ObjectNode.Builder object = ObjectNode.builder();
    children(config).forEach(child -> object.addNode(child.key().name(), node(child)));
    return object.build();
  }

  private static ListNode list(Config config) {
    ListNode.Builder list = ListNode.builder();
    for (Config item : children(config)) {
      switch (item.type()) {
        case OBJECT -> list.addObject(object(item));
        case LIST -> list.addList(list(item));
        case VALUE, MISSING -> list.addValue(value(item));
      }
    }
    return list.build();
  }

  private static ValueNode value(Config config) {
    return ValueNode.create(config.asString().orElse(""));
  }

  private static List<Config> children(Config config) {
    return config.asNodeList().orElse(List.of());
  }

  /**
   * @param what names the sources in messages
   */
  private static Config build(String what, List<? extends Supplier<? extends ConfigSource>> sources)
      throws InvalidConfigException {
    try {
      return Config.builder()
          .sources(List.copyOf(sources))
          .disableEnvironmentVariablesSource()
          .disableSystemPropertiesSource()
          .build();
    } catch (ConfigException e) {
      Throwable root = e;
      while (root.getCause() != null) {
        root = root.getCause();
      }
      throw new InvalidConfigException(List.of(what + ": " + root.getMessage()));
    }
  }

  /** The keys of all values. A list counts as one value, under its own key. */
  private static Set<String> keys(Config config) {
    Set<String> keys = new TreeSet<>();
    config
        .traverse(node -> {
          boolean list = node.type() == Config.Type.LIST;
          if (list) {
            keys.add(node.key().toString());
          }
          return !list;
        })
        .filter(Config::isLeaf)
        .forEach(node -> keys.add(node.key().toString()));
    return keys;
  }
}
