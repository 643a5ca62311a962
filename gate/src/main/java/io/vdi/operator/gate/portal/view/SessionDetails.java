package io.vdi.operator.gate.portal.view;

import java.util.List;
import java.util.Optional;

/**
 * What the page of a session shows beside the card.
 *
 * @param steps of the start; empty for a session that does not start or run
 * @param isStarting whether the page changes soon
 * @param announcement what a screen reader says when the page changes
 * @param facts names and values
 */
public record SessionDetails(
    SessionCard card,
    List<StepLine> steps,
    boolean isStarting,
    Optional<Remedy> remedy,
    String announcement,
    List<Fact> facts) {
  public SessionDetails {
    steps = List.copyOf(steps);
    facts = List.copyOf(facts);
  }

  /**
   * A step of the start.
   *
   * @param state in words
   * @param css the class of the state
   * @param isCurrent whether the start is at this step
   * @param message what is waited for; empty if there is nothing to say
   */
  public record StepLine(
      String title, String state, String css, boolean isCurrent, Message message) {}

  /** A cause of the catalogue. */
  public record Remedy(String code, String symptom, String cause, String remedy, String command) {}

  /** A line of the description of a session. */
  public record Fact(String name, String value) {}
}
