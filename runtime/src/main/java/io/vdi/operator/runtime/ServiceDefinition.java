package io.vdi.operator.runtime;

import io.vdi.operator.runtime.config.InvalidConfigException;
import io.vdi.operator.runtime.config.ReloadableConfig;
import java.util.Map;

/**
 * What a service is, for {@link ServiceRuntime}.
 *
 * @param name the module, such as {@code controller}; the role is {@code vdi-<name>}
 * @param renamedKeys former names of settings and their names today
 * @param factory wires the service; nothing runs yet
 */
public record ServiceDefinition<C extends ServiceConfig>(
    String name,
    ReloadableConfig.Parser<C> parser,
    Map<String, String> renamedKeys,
    Factory<C> factory) {

  /** Wires a service from its context. */
  @FunctionalInterface
  public interface Factory<C extends ServiceConfig> {
    Service create(ServiceContext<C> context) throws InvalidConfigException;
  }

  /** The names of its service account, its roles and its container. */
  public String account() {
    return "vdi-" + name;
  }
}
