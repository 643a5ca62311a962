package io.vdi.operator.admission.validation;

import com.google.gson.JsonObject;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.Durations;
import io.vdi.operator.common.model.Quantities;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The rules that a session must satisfy on its own; docs/specification.md, section 1. The CRD's
 * schema has the same rules. The webhook repeats them to report all violations in one message, and
 * for sessions that bypass the schema.
 */
public final class SessionRules {
  private static final Pattern DURATION = Pattern.compile("^([0-9]+h)?([0-9]+m)?([0-9]+s)?$");
  private static final int MAX_DURATION = 16;
  private static final int MAX_EMAIL = 254;
  private static final int MAX_NAME = 253;
  private static final int MAX_LABEL = 63;

  private SessionRules() {}

  /** All violations; the fields of the object can have any type. */
  static List<String> violations(JsonObject session) {
    FieldValidator fields = FieldValidator.of(session);
    fields
        .section("metadata")
        .string(
            "name",
            // The name is empty while the API server is still to generate it.
            name -> name.isEmpty() || isName(name),
            "must be at most 63 lower-case letters, digits and '-', begin with a letter and end with a"
                + " letter or digit: the session's Service bears the same name");
    FieldValidator spec = fields.section("spec");
    String email = "must be an e-mail of at most 254 characters, such as alice@example.com";
    spec.require("user", email);
    spec.string("user", SessionRules::isEmail, email);
    String template = "must be the name of a VDITemplate, as kubectl get vdit shows it";
    spec.require("template", template);
    spec.string("template", SessionRules::isTemplateName, template);
    FieldValidator resources = spec.section("resources");
    resources.integer(
        "gpu",
        1,
        Integer.MAX_VALUE,
        "must be a whole number, 1 or more; leave it out for the template's default");
    quantity(resources, "memory", "4Gi");
    quantity(resources, "cpu", "500m or 2");
    FieldValidator persistence = spec.section("persistence");
    persistence.bool("enabled");
    quantity(persistence, "size", "10Gi");
    persistence.string(
        "storageClassName", c -> c.length() <= MAX_NAME, "must be at most 253 characters");
    persistence.string(
        "reclaimPolicy", Set.of("Delete", "Retain")::contains, "must be Delete or Retain");
    duration(spec, "timeout");
    spec.string(
        "idleTimeout",
        text -> text.equals(Defaults.NEVER) || isDuration(text),
        "must be a duration above zero, such as 30m, or 0s for never");
    spec.string("idleAction", Set.of("Suspend", "Delete")::contains, "must be Suspend or Delete");
    spec.bool("suspended");
    return fields.violations();
  }

  static boolean isName(String name) {
    return isNamespace(name) && isLowerLetter(name.charAt(0));
  }

  /** Whether this is a DNS label. */
  public static boolean isNamespace(String name) {
    return isName(name, MAX_LABEL, "-");
  }

  static boolean isTemplateName(String name) {
    return isName(name, MAX_NAME, "-.");
  }

  /**
   * Lower-case letters and digits, and in between also the characters of {@code inner}.
   *
   * @param max length
   */
  private static boolean isName(String name, int max, String inner) {
    if (name.isEmpty() || name.length() > max) {
      return false;
    }
    return isLowerLetterOrDigit(name.charAt(0))
        && isLowerLetterOrDigit(name.charAt(name.length() - 1))
        && name.chars().allMatch(c -> isLowerLetterOrDigit(c) || inner.indexOf(c) >= 0);
  }

  private static boolean isLowerLetterOrDigit(int c) {
    return isLowerLetter(c) || (c >= '0' && c <= '9');
  }

  private static boolean isLowerLetter(int c) {
    return c >= 'a' && c <= 'z';
  }

  /**
   * Whether this is an e-mail address of at most {@value #MAX_EMAIL} characters: {@code
   * ^\S+@\S+\.\S+$}, the pattern of the schema. It is checked by code, because {@link Pattern}
   * needs cubic time for it: 10 s for 3,000 characters.
   */
  static boolean isEmail(String text) {
    // A character is at most two UTF-16 units. Checked first, so that long values cost nothing.
    if (text.length() > 2 * MAX_EMAIL || length(text) > MAX_EMAIL) {
      return false;
    }
    int at = text.indexOf('@', 1);
    int dot = text.lastIndexOf('.', text.length() - 2);
    return at > 0 && dot > at + 1 && text.chars().noneMatch(SessionRules::isSpace);
  }

  /** The characters that {@code \S} excludes. */
  private static boolean isSpace(int c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
  }

  static void quantity(FieldValidator fields, String field, String example) {
    fields.string(
        field,
        text -> Quantities.parse(text).isPresent(),
        "must be a quantity above zero, such as " + example);
  }

  static void duration(FieldValidator fields, String field) {
    fields.string(
        field, SessionRules::isDuration, "must be a duration above zero, such as 8h or 1h30m");
  }

  private static boolean isDuration(String text) {
    // The length first: the pattern runs on short text only.
    return text.length() <= MAX_DURATION
        && DURATION.matcher(text).matches()
        && Durations.parse(text).isPresent();
  }

  /** Length in characters, as the API server counts it, not in UTF-16 units. */
  private static int length(String text) {
    return text.codePointCount(0, text.length());
  }
}
