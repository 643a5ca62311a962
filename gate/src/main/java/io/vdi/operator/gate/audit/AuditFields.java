package io.vdi.operator.gate.audit;

import java.util.LinkedHashMap;
import java.util.SequencedMap;

/** Pure: an event as named texts, which are safe for a log and a terminal. */
final class AuditFields {
  /** Characters of one value. An e-mail address has at most 254. */
  static final int MAX_LENGTH = 256;

  private static final char REPLACEMENT = '\uFFFD';

  private AuditFields() {}

  /** The fields in the order in which they are written; without those that are empty. */
  static SequencedMap<String, String> of(AuditEvent event) {
    SequencedMap<String, String> fields = new LinkedHashMap<>();
    put(fields, "event", event.getClass().getSimpleName());
    put(fields, "user", event.actor().user());
    put(fields, "address", event.actor().address());
    put(fields, "signIn", event.actor().signInId());
    switch (event) {
      case AuditEvent.SignedIn in -> {}
      case AuditEvent.SignInRefused refused -> put(fields, "reason", refused.reason());
      case AuditEvent.SignedOut out -> put(fields, "reason", out.reason());
      case AuditEvent.Opened opened -> {
        put(fields, opened.desktop());
        put(fields, "role", opened.role());
      }
      case AuditEvent.OpenRefused refused -> {
        put(fields, refused.desktop());
        put(fields, "reason", refused.reason());
      }
      case AuditEvent.Acted acted -> {
        put(fields, "verb", acted.verb());
        put(fields, acted.object());
        put(fields, "outcome", acted.outcome());
      }
    }
    return fields;
  }

  private static void put(SequencedMap<String, String> fields, AuditEvent.Target target) {
    put(fields, "kind", target.kind());
    put(fields, "namespace", target.namespace());
    put(fields, "name", target.name());
    put(fields, "uid", target.uid());
    put(fields, "template", target.template());
  }

  private static void put(SequencedMap<String, String> fields, String name, String value) {
    if (!value.isEmpty()) {
      fields.put(name, safe(value));
    }
  }

  /**
   * At most {@value #MAX_LENGTH} characters, without those that move the cursor of a terminal,
   * change the direction of text or are invisible.
   */
  static String safe(String value) {
    StringBuilder safe = new StringBuilder();
    value
        .codePoints()
        .limit(MAX_LENGTH + 1L)
        .map(c -> isPrintable(c) ? c : REPLACEMENT)
        .forEach(safe::appendCodePoint);
    if (safe.codePointCount(0, safe.length()) > MAX_LENGTH) {
      safe.setLength(safe.offsetByCodePoints(0, MAX_LENGTH - 1));
      safe.append('…');
    }
    return safe.toString();
  }

  private static boolean isPrintable(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.PRIVATE_USE,
          Character.SURROGATE,
          Character.UNASSIGNED ->
          false;
      default -> true;
    };
  }
}
