package io.vdi.operator.admission.validation;

import com.google.gson.JsonObject;
import io.vdi.operator.common.identity.EmailAddress;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.Durations;
import io.vdi.operator.common.model.IdleAction;
import io.vdi.operator.common.model.Quantities;
import io.vdi.operator.common.model.ReclaimPolicy;
import io.vdi.operator.common.model.ResourceNames;
import java.util.List;

/**
 * The rules that a session must satisfy on its own; docs/specification.md, section 1. The CRD's
 * schema has the same rules. The webhook repeats them to report all violations in one message, and
 * for sessions that bypass the schema.
 */
public final class SessionRules {
  private static final int MAX_DURATION = 16;
  private static final int MAX_NAME = 253;
  private static final int MAX_LABEL = 63;

  private SessionRules() {}

  /** All violations; the fields of the object can have any type. */
  static List<String> violations(JsonObject session) {
    FieldValidator fields = FieldValidator.of(session);
    FieldValidator metadata = fields.section("metadata");
    metadata.string(
        "name",
        // The name is empty while the API server is still to generate it.
        name -> name.isEmpty() || isName(name),
        "must be at most 63 lower-case letters, digits and '-', begin with a letter and end with a"
            + " letter or digit: the session's Service bears the same name");
    metadata.string(
        "name",
        name -> !name.equals(ResourceNames.GATE_SERVICE),
        "is the name of a Service of the operator: choose another one");
    FieldValidator spec = fields.section("spec");
    String email = "must be an e-mail of at most 254 characters, such as alice@example.com";
    spec.require("user", email);
    spec.string("user", EmailAddress::isValid, email);
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
    persistence.oneOf("reclaimPolicy", ReclaimPolicy.values(), ReclaimPolicy::text);
    duration(spec, "timeout");
    spec.string(
        "idleTimeout",
        text -> text.equals(Defaults.NEVER) || isDuration(text),
        "must be a duration above zero, such as 30m, or 0s for never");
    spec.oneOf("idleAction", IdleAction.values(), IdleAction::text);
    spec.bool("suspended");
    ScheduleRules.check(spec);
    ScheduleRules.awakeUntil(spec);
    ShareRules.check(spec);
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
    return text.length() <= MAX_DURATION && Durations.parse(text).isPresent();
  }
}
