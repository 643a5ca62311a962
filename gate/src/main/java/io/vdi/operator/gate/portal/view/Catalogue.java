package io.vdi.operator.gate.portal.view;

import io.vdi.operator.common.diagnosis.StatusMessage;
import io.vdi.operator.common.quota.QuotaViolation;
import io.vdi.operator.gate.api.CauseView;
import io.vdi.operator.gate.api.DiagnosisView;
import io.vdi.operator.gate.api.GateMessage;
import io.vdi.operator.gate.portal.view.SessionDetails.Remedy;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Pure: the catalogue of causes, and the messages of operator and gate, in the reader's language. A
 * message arrives as a finished English text. It is translated if the pattern that wrote it reads
 * it back; any other message, such as one of Kubernetes, stays as it is beside what is known of it.
 *
 * <p>For readers of English everything stays as it is. For others the key in the bundle {@code
 * Catalogue} is the code of the cause, the name of the check, or the name of the message.
 */
record Catalogue(Texts texts) {
  static final String STATUS = "status.";
  static final String GATE = "gate.";
  static final String CHECK = "check.";
  static final String QUOTA = "quota";

  /** Before a message that has no translation. */
  static final String OTHER = "other";

  /** The patterns by their keys, in the order in which they are tried. */
  private static final Map<String, Function<String, Optional<List<String>>>> PATTERNS = patterns();

  private static Map<String, Function<String, Optional<List<String>>>> patterns() {
    Map<String, Function<String, Optional<List<String>>>> patterns = new LinkedHashMap<>();
    for (StatusMessage message : StatusMessage.values()) {
      patterns.put(STATUS + message.name(), message::values);
    }
    for (GateMessage message : GateMessage.values()) {
      patterns.put(GATE + message.name(), message::values);
    }
    return patterns;
  }

  /** A cause with its remedy. The command is the same in every language. */
  Remedy remedy(CauseView cause) {
    return new Remedy(
        cause.code(),
        symptom(cause),
        texts.catalogue(cause.code() + ".cause").orElse(cause.cause()),
        texts.catalogue(cause.code() + ".remedy").orElse(cause.remedy()),
        cause.command());
  }

  private String symptom(CauseView cause) {
    return texts.catalogue(cause.code() + ".symptom").orElse(cause.symptom());
  }

  /** The title of a check. */
  String title(DiagnosisView.Check check) {
    return texts.catalogue(CHECK + check.name()).orElse(check.title());
  }

  /** A message that nothing more is known about. */
  Message message(String english) {
    return message(english, Optional.empty());
  }

  /**
   * A message.
   *
   * @param cause is named if the message has no translation
   */
  Message message(String english, Optional<CauseView> cause) {
    Message message = observed(english);
    return message.text().isEmpty() && !message.isEmpty()
        ? new Message(cause.map(this::symptom).or(() -> texts.catalogue(OTHER)).orElse(""), english)
        : message;
  }

  /** What a check has found: without a translation only the original. */
  Message observed(String english) {
    if (english.isEmpty() || texts.isEnglish()) {
      return new Message(english, "");
    }
    Optional<String> whole = known(english);
    if (whole.isPresent()) {
      return new Message(whole.get(), "");
    }
    // The violations of several quotas, and the place in the queue.
    List<String> parts = List.of(english.split("; ", -1));
    List<String> translated = new ArrayList<>();
    for (String part : parts) {
      known(part).ifPresent(translated::add);
    }
    return new Message(
        String.join("; ", translated), translated.size() == parts.size() ? "" : english);
  }

  /** The translation of a message that a pattern reads; a value can be a message that explains. */
  private Optional<String> known(String english) {
    return known(english, value -> known(value, this::name).orElseGet(() -> name(value)));
  }

  private Optional<String> known(String english, UnaryOperator<String> value) {
    Optional<QuotaViolation> quota = QuotaViolation.ofMessage(english);
    if (quota.isPresent()) {
      return quota.flatMap(this::quota);
    }
    for (Map.Entry<String, Function<String, Optional<List<String>>>> pattern :
        PATTERNS.entrySet()) {
      Optional<List<String>> values = pattern.getValue().apply(english);
      if (values.isPresent()) {
        return texts.catalogue(pattern.getKey(), values.get().stream().map(value).toArray());
      }
    }
    return Optional.empty();
  }

  /** A time as the reader's language writes it; any other name as it is. */
  private String name(String value) {
    try {
      return texts.moment(Instant.parse(value));
    } catch (DateTimeParseException e) {
      return value;
    }
  }

  private Optional<String> quota(QuotaViolation violation) {
    return texts.catalogue(
        QUOTA,
        texts.get("resource." + violation.resource().name()),
        texts.scope(violation.scope(), violation.name()),
        texts.amount(violation.resource(), violation.used()),
        texts.amount(violation.resource(), violation.requested()),
        texts.amount(violation.resource(), violation.limit()));
  }
}
