package io.vdi.operator.gate.api;

import io.vdi.operator.common.model.SessionKey;
import java.util.Optional;

/**
 * The session that is changed.
 *
 * @param version that it must have ({@link SessionView#version}); another one is {@link
 *     ProblemType#PRECONDITION_FAILED}. Empty: any
 */
public record Target(SessionKey key, Optional<String> version) {
  public static Target of(SessionKey key) {
    return new Target(key, Optional.empty());
  }
}
