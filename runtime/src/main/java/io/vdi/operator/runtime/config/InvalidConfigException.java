package io.vdi.operator.runtime.config;

import java.util.List;

/** A configuration that cannot be used; each problem names the key, the value, the rule. */
public final class InvalidConfigException extends Exception {
  private static final long serialVersionUID = 1L;

  public InvalidConfigException(List<String> problems) {
    super(String.join("; ", problems));
  }
}
