package io.vdi.operator.controller.session.plan;

import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.model.Phase;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * A phase and why the session is in it.
 *
 * @param reason of the Ready condition, in CamelCase
 * @param text the message without the tag of the cause
 * @param cause empty if docs/troubleshooting.md has no entry
 */
record PhaseDecision(Phase phase, String reason, String text, Optional<KnownCause> cause) {
  /** Causes whose messages docs/specification.md fixes: they are written without a tag. */
  private static final Set<KnownCause> UNTAGGED =
      EnumSet.of(KnownCause.TEMPLATE_MISSING, KnownCause.FOREIGN_OBJECT, KnownCause.SESSION_QUOTA);

  PhaseDecision {
    reason = camelCase(reason);
  }

  PhaseDecision(Phase phase, String reason, String text) {
    this(phase, reason, text, Optional.empty());
  }

  PhaseDecision(Phase phase, String reason, String text, KnownCause cause) {
    this(phase, reason, text, Optional.of(cause));
  }

  /** For status.message: the text and the tag of the cause, such as {@code [VDI302]}. */
  String message() {
    return cause
        .filter(known -> !UNTAGGED.contains(known))
        .map(known -> (text + " " + known.tag()).strip())
        .orElse(text);
  }

  /** For the conditions: the text, the tag and the remedy. */
  String advice() {
    return cause
        .map(known -> (text + " " + known.tag() + " ").stripLeading() + known.remedy())
        .orElse(text);
  }

  /** The same phase with another message. */
  PhaseDecision withText(String other) {
    return new PhaseDecision(phase, reason, other);
  }

  /** The reason of a condition must be one word; the reasons of Kubernetes can be any text. */
  static String camelCase(String reason) {
    String word = reason.replaceAll("[^A-Za-z0-9_]", "");
    return word.isEmpty() || !Character.isLetter(word.charAt(0)) ? "Failed" : word;
  }
}
