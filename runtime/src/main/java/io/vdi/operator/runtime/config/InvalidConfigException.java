package io.vdi.operator.runtime.config;

import java.util.List;

/**
 * A configuration that a service refuses. The message lists all problems; each names the key, its
 * value and the rule.
 */
public final class InvalidConfigException extends Exception {
  private static final long serialVersionUID = 1L;

  public InvalidConfigException(List<String> problems) {
    super(String.join("; ", problems));
  }
}
