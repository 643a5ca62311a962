package io.vdi.operator.admission.http;

import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.vdi.operator.admission.validation.AdmissionRequest;
import io.vdi.operator.admission.validation.SessionRules;
import io.vdi.operator.admission.validation.ShortText;
import io.vdi.operator.common.identity.Caller;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The lengths and forms that every field of a review must have before anything uses it;
 * docs/specification.md, section 4. The API server sends nothing else. A client that reaches the
 * port directly can: without the bounds it decides how much time and memory a request costs, and an
 * illegal name fails the write of the reservations of everybody.
 */
final class ReviewBounds {
  static final String UID_RULE = "must be 1 to 128 letters, digits and '-'";

  private static final int MAX_UID = 128;
  private static final int MAX_USERNAME = 1024;
  private static final int MAX_NAME = 253;
  private static final int MAX_GROUPS = 100;
  private static final Set<String> OPERATIONS = Set.of("CREATE", "UPDATE", "DELETE", "CONNECT");

  private final AdmissionRequest request;
  private final List<String> violations = new ArrayList<>();

  private ReviewBounds(AdmissionRequest request) {
    this.request = request;
  }

  static boolean isUid(String uid) {
    return !uid.isEmpty()
        && uid.length() <= MAX_UID
        && uid.chars().allMatch(c -> isLetterOrDigit(c) || c == '-');
  }

  private static boolean isLetterOrDigit(int c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  }

  /**
   * All violations, each with field, value and rule.
   *
   * @param otherNames fields of the review that nothing uses, by path
   */
  static List<String> violations(AdmissionRequest request, Map<String, String> otherNames) {
    ReviewBounds bounds = new ReviewBounds(request);
    bounds.require(
        OPERATIONS.contains(request.operation()),
        "request.operation",
        request.operation(),
        "must be CREATE, UPDATE, DELETE or CONNECT");
    bounds.name("request.kind.group", request.group());
    bounds.name("request.kind.kind", request.kind());
    bounds.name("request.subResource", request.subResource());
    bounds.name("request.name", request.name());
    otherNames.forEach((field, value) -> {
      if (field.equals("request.userInfo.uid")) {
        bounds.length(field, value, MAX_USERNAME);
      } else {
        bounds.name(field, value);
      }
    });
    bounds.user(request.caller());
    bounds.namespaces();
    return bounds.violations;
  }

  private void user(Caller caller) {
    length("request.userInfo.username", caller.username(), MAX_USERNAME);
    list("request.userInfo.groups", caller.groups());
    count("request.userInfo.extra", caller.extra().size(), "keys");
    if (caller.extra().size() <= MAX_GROUPS) {
      caller
          .extra()
          .forEach((key, values) -> {
            length("request.userInfo.extra", key, MAX_USERNAME);
            list("request.userInfo.extra[" + ShortText.of(key) + "]", values);
          });
    }
  }

  private void list(String field, List<String> items) {
    count(field, items.size(), "items");
    for (int i = 0; i < Math.min(items.size(), MAX_GROUPS); i++) {
      length(field + "[" + i + "]", items.get(i), MAX_USERNAME);
    }
  }

  /** The namespace decides about permissions and quotas, so both must name the same. */
  private void namespaces() {
    String namespace = request.namespace();
    require(
        namespace.isEmpty() || SessionRules.isNamespace(namespace),
        "request.namespace",
        namespace,
        "must be a DNS label of at most 63 lower-case letters, digits and '-'");
    boolean namespaced =
        request.group().equals("vdi.kasm.io") && request.kind().equals(AdmissionRequest.SESSION);
    require(
        !namespaced || !namespace.isEmpty(),
        "request.namespace",
        namespace,
        "must be the namespace of the session");
    same("object", request.object());
    same("oldObject", request.oldObject());
  }

  private void same(String object, Optional<JsonObject> content) {
    content
        .map(json -> json.get("metadata"))
        .filter(JsonObject.class::isInstance)
        .map(JsonObject.class::cast)
        .ifPresent(metadata -> {
          same(object, metadata, "namespace", request.namespace());
          if (!request.name().isEmpty()) {
            same(object, metadata, "name", request.name());
          }
        });
  }

  /** A value that is missing cannot contradict the request; the schema reports another type. */
  private void same(String object, JsonObject metadata, String field, String requested) {
    if (metadata.get(field) instanceof JsonPrimitive value
        && value.isString()
        && !value.getAsString().isEmpty()) {
      require(
          value.getAsString().equals(requested),
          "request." + object + ".metadata." + field,
          value.getAsString(),
          "must equal request." + field);
    }
  }

  private void name(String field, String value) {
    require(
        value.length() <= MAX_NAME && value.chars().allMatch(c -> c > ' ' && c < 0x7f),
        field,
        value,
        "must be a name of at most " + MAX_NAME + " characters");
  }

  private void length(String field, String value, int max) {
    require(value.length() <= max, field, value, "must have at most " + max + " characters");
  }

  private void count(String field, int count, String what) {
    if (count > MAX_GROUPS) {
      violations.add(field + " " + count + " " + what + ": must be at most " + MAX_GROUPS);
    }
  }

  private void require(boolean holds, String field, String value, String rule) {
    if (!holds) {
      violations.add(field + " \"" + ShortText.of(value) + "\": " + rule);
    }
  }
}
