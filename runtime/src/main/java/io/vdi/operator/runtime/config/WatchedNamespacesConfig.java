package io.vdi.operator.runtime.config;

import io.vdi.operator.common.model.WatchedNamespaces;
import java.util.List;

/** The setting {@code watchNamespaces}, which all services share. */
public final class WatchedNamespacesConfig {
  private static final String LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";

  private WatchedNamespacesConfig() {}

  /** Reads the setting. The reader collects the problems. */
  public static WatchedNamespaces read(ConfigReader read) {
    List<String> names = read.list("watchNamespaces");
    for (String name : names) {
      read.require(
          name.matches(LABEL), "watchNamespaces \"" + name + "\" must be the name of a namespace");
    }
    return WatchedNamespaces.of(names);
  }
}
