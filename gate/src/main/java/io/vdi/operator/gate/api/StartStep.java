package io.vdi.operator.gate.api;

import java.util.Optional;

/**
 * One step of the start of a desktop.
 *
 * @param message what is being waited for, in English; empty text if there is nothing to say
 * @param cause why it does not succeed, by the catalogue; empty if nothing is wrong or known
 */
public record StartStep(StepName name, State state, String message, Optional<CauseView> cause) {
  /** How far a step is. */
  public enum State {
    /** An earlier step is not done yet. */
    WAITING,
    ACTIVE,
    DONE,
    /** It does not succeed until a person changes something. */
    FAILED
  }
}
