package io.vdi.operator.common.service;

import java.util.List;

/** A configuration that cannot be used; each problem names the key, the value, the rule. */
public final class BadConfig extends Exception {
  private static final long serialVersionUID = 1L;

  public BadConfig(List<String> problems) {
    super(String.join("; ", problems));
  }
}
