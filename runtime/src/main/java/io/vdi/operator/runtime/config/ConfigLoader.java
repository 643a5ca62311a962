package io.vdi.operator.runtime.config;

import io.helidon.config.Config;
import io.helidon.config.ConfigException;
import io.helidon.config.ConfigSources;
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
import java.util.TreeSet;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A service's configuration from its three layers, spec.md section 6: {@code application.yaml} in
 * the jar, then the mounted file, then the environment. The first layer names every key there is; a
 * key that it does not name is refused, so that a typo never passes for a setting.
 */
public final class ConfigLoader {
  private static final Logger LOG = LoggerFactory.getLogger(ConfigLoader.class);
  private static final String PREFIX = "VDI_";

  /** Below it any key may stand: the name of a logger. */
  static final String LEVELS = "logging.levels";

  /** Variables that are not settings: they say where settings come from, or serve tools. */
  private static final Set<String> NO_SETTING =
      Set.of("VDI_CONFIG_FILE", "VDI_LOGGING_FORMAT", "VDI_TEST_CLUSTER", "VDI_CACHE");

  private final Optional<Path> file;
  private final Map<String, String> environment;

  public ConfigLoader(Optional<Path> file, Map<String, String> environment) {
    this.file = file;
    this.environment = environment;
  }

  /** The mounted file that {@code VDI_CONFIG_FILE} names, if it names one. */
  public static Optional<Path> mountedFile(Map<String, String> environment) {
    return Optional.ofNullable(environment.get("VDI_CONFIG_FILE"))
        .filter(name -> !name.isBlank())
        .map(Path::of);
  }

  public Optional<Path> file() {
    return file;
  }

  /** Reads all layers anew. */
  public Config load() throws InvalidConfigException {
    Set<String> known = keys(build(List.of(ConfigSources.classpath("application.yaml"))));
    List<String> problems = new ArrayList<>();
    List<Supplier<? extends ConfigSource>> sources = new ArrayList<>();
    sources.add(ConfigSources.create(fromEnvironment(known)));
    if (file.isPresent()) {
      Path path = file.get();
      if (!Files.isReadable(path)) {
        throw new InvalidConfigException(
            List.of("VDI_CONFIG_FILE names " + path + ", which cannot be read"));
      }
      for (String key : keys(build(List.of(ConfigSources.file(path))))) {
        if (!isKnown(key, known)) {
          problems.add(path.getFileName() + ": no setting is called \"" + key + "\"");
        }
      }
      sources.add(ConfigSources.file(path));
    }
    sources.add(ConfigSources.classpath("application.yaml"));
    if (!problems.isEmpty()) {
      throw new InvalidConfigException(problems);
    }
    return build(sources);
  }

  /** {@code tls.certResolver} is set by {@code VDI_TLS_CERT_RESOLVER}. */
  static String variable(String key) {
    return PREFIX
        + key.replace('.', '_').replaceAll("([a-z0-9])([A-Z])", "$1_$2").toUpperCase(Locale.ROOT);
  }

  private Map<String, String> fromEnvironment(Set<String> known) {
    Map<String, String> keyOf = new HashMap<>();
    known.forEach(key -> keyOf.put(variable(key), key));
    Map<String, String> settings = new HashMap<>();
    environment.forEach((variable, value) -> {
      String key = keyOf.get(variable);
      if (key != null) {
        settings.put(key, value);
      } else if (variable.startsWith(PREFIX)
          && !NO_SETTING.contains(variable)
          && !variable.matches(".*_(SERVICE|PORT)(_.*)?")) {
        // Not refused: Kubernetes puts variables of its own there for Services called vdi-….
        LOG.warn("environment: no setting is called {}", variable);
      }
    });
    return settings;
  }

  private boolean isKnown(String key, Set<String> known) {
    return known.contains(key) || key.startsWith(LEVELS + ".");
  }

  private static Config build(List<? extends Supplier<? extends ConfigSource>> sources)
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
      throw new InvalidConfigException(List.of(e.getMessage() + ": " + root.getMessage()));
    }
  }

  /** Keys of all values; a list counts as one value of the list's own key. */
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
