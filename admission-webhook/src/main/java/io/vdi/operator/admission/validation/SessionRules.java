package io.vdi.operator.admission.validation;

import com.google.gson.JsonObject;
import io.vdi.operator.common.model.Durations;
import io.vdi.operator.common.model.Quantities;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The rules of spec.md section 1 that a session keeps by itself. The API server enforces the same
 * by the schema; here all violations are told at once, also to who bypasses the schema.
 */
final class SessionRules {
  static final Pattern EMAIL = Pattern.compile("^\\S+@\\S+\\.\\S+$");

  private static final Pattern TEMPLATE = Pattern.compile("^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$");
  private static final Pattern NAME = Pattern.compile("^[a-z]([-a-z0-9]*[a-z0-9])?$");
  private static final Pattern DURATION = Pattern.compile("^([0-9]+h)?([0-9]+m)?([0-9]+s)?$");
  private static final int MAX_DURATION = 16;
  private static final int MAX_EMAIL = 254;
  private static final int MAX_NAME = 253;
  private static final int MAX_LABEL = 63;

  private SessionRules() {}

  /** Every rule that is broken; the object may be anything. */
  static List<String> violations(JsonObject session) {
    FieldValidator fields = FieldValidator.of(session);
    fields
        .section("metadata")
        .text(
            "name",
            // A name that is still to be generated is empty.
            name -> name.isEmpty() || (name.length() <= MAX_LABEL && NAME.matcher(name).matches()),
            "must be at most 63 lower-case letters, digits and '-', begin with a letter and end with a"
                + " letter or digit: the session's Service bears the same name");
    FieldValidator spec = fields.section("spec");
    String email = "must be an e-mail of at most 254 characters, such as alice@example.com";
    spec.require("user", email);
    spec.text("user", user -> length(user) <= MAX_EMAIL && EMAIL.matcher(user).find(), email);
    String template = "must be the name of a VDITemplate, as kubectl get vdit shows it";
    spec.require("template", template);
    spec.text("template", t -> t.length() <= MAX_NAME && TEMPLATE.matcher(t).matches(), template);
    FieldValidator resources = spec.section("resources");
    resources.number(
        "gpu",
        1,
        Integer.MAX_VALUE,
        "must be a whole number, 1 or more; leave it out for the template's default");
    quantity(resources, "memory", "4Gi");
    quantity(resources, "cpu", "500m or 2");
    FieldValidator persistence = spec.section("persistence");
    persistence.flag("enabled");
    quantity(persistence, "size", "10Gi");
    persistence.text(
        "storageClassName", c -> c.length() <= MAX_NAME, "must be at most 253 characters");
    persistence.text(
        "reclaimPolicy", Set.of("Delete", "Retain")::contains, "must be Delete or Retain");
    duration(spec, "timeout");
    duration(spec, "idleTimeout");
    spec.flag("suspended");
    return fields.violations();
  }

  static void quantity(FieldValidator fields, String field, String example) {
    fields.text(
        field,
        text -> Quantities.parse(text).isPresent(),
        "must be a quantity above zero, such as " + example);
  }

  static void duration(FieldValidator fields, String field) {
    fields.text(
        field,
        text ->
            text.length() <= MAX_DURATION
                && DURATION.matcher(text).matches()
                && Durations.parse(text).isPresent(),
        "must be a duration above zero, such as 8h or 1h30m");
  }

  /** As the API server counts it: characters, not UTF-16 units. */
  private static int length(String text) {
    return text.codePointCount(0, text.length());
  }
}
