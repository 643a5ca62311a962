package io.vdi.operator.admission.http;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.TypeAdapter;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import io.vdi.operator.admission.validation.AdmissionRequest;
import io.vdi.operator.admission.validation.Response;
import io.vdi.operator.admission.validation.ShortText;
import io.vdi.operator.common.identity.Caller;
import java.io.IOException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The codec of AdmissionReview, admission.k8s.io/v1. It is strict, because the webhook must never
 * allow a request that it reads differently than the API server does;
 * docs/decisions/admission-review.md.
 */
final class AdmissionReview {
  private static final String API_VERSION = "admission.k8s.io/v1";
  private static final String KIND = "AdmissionReview";
  private static final TypeAdapter<JsonElement> ELEMENTS = new Gson().getAdapter(JsonElement.class);

  /**
   * In characters. The API server recommends at most 256 per warning and truncates all warnings of
   * a response at 4096.
   */
  private static final int MAX_WARNING = 256;

  private AdmissionReview() {}

  /** The body is not an AdmissionReview; the message says why. */
  static final class UnreadableReviewException extends Exception {
    private static final long serialVersionUID = 1L;

    UnreadableReviewException(String message) {
      super(message);
    }
  }

  /** The review is readable, but a field is longer than Kubernetes allows. */
  static final class OutOfBoundsException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String uid;
    private final transient List<String> violations;

    OutOfBoundsException(String uid, List<String> violations) {
      super(String.join("; ", violations));
      this.uid = uid;
      this.violations = List.copyOf(violations);
    }

    /** The review that denies the request. */
    String answer() {
      return encode(uid, Response.Deny.of(Response.Reason.BAD_REQUEST, violations, List.of()));
    }
  }

  /** The request, whose fields have the lengths that {@link ReviewBounds} requires. */
  static AdmissionRequest decode(byte[] body)
      throws UnreadableReviewException, OutOfBoundsException {
    JsonObject review = json(body);
    if (!string(review, "apiVersion").equals(API_VERSION) || !string(review, "kind").equals(KIND)) {
      throw new UnreadableReviewException("not an " + KIND + " of " + API_VERSION);
    }
    JsonObject request =
        object(review, "request").orElseThrow(() -> new UnreadableReviewException("no request"));
    String uid = string(request, "uid");
    if (!ReviewBounds.isUid(uid)) {
      throw new UnreadableReviewException(
          uid.isEmpty()
              ? "request.uid is missing"
              : "request.uid \"" + ShortText.of(uid) + "\": " + ReviewBounds.UID_RULE);
    }
    if (string(request, "operation").isEmpty()) {
      throw new UnreadableReviewException("request.operation is missing");
    }
    JsonObject kind =
        object(request, "kind")
            .orElseThrow(() -> new UnreadableReviewException("request.kind is missing"));
    JsonObject resource = object(request, "resource").orElseGet(JsonObject::new);
    JsonObject user = object(request, "userInfo").orElseGet(JsonObject::new);
    AdmissionRequest decoded =
        new AdmissionRequest(
            uid,
            string(request, "operation"),
            string(kind, "group"),
            string(kind, "kind"),
            string(request, "subResource"),
            string(request, "namespace"),
            string(request, "name"),
            new Caller(string(user, "username"), strings(user, "groups"), extra(user)),
            bool(request, "dryRun"),
            object(request, "object"),
            object(request, "oldObject"));
    List<String> violations =
        ReviewBounds.violations(
            decoded,
            Map.of(
                "request.kind.version", string(kind, "version"),
                "request.resource.group", string(resource, "group"),
                "request.resource.version", string(resource, "version"),
                "request.resource.resource", string(resource, "resource"),
                "request.userInfo.uid", string(user, "uid")));
    if (!violations.isEmpty()) {
      throw new OutOfBoundsException(uid, violations);
    }
    return decoded;
  }

  /** The review that answers the request with this uid. */
  static String encode(String uid, Response response) {
    JsonObject json = new JsonObject();
    json.addProperty("uid", uid);
    switch (response) {
      case Response.Allow(JsonArray patch, List<String> warnings) -> {
        json.addProperty("allowed", true);
        if (!patch.isEmpty()) {
          json.addProperty("patchType", "JSONPatch");
          json.addProperty(
              "patch",
              Base64.getEncoder()
                  .encodeToString(patch.toString().getBytes(StandardCharsets.UTF_8)));
        }
      }
      case Response.Deny(Response.Reason reason, String message, List<String> warnings) -> {
        json.addProperty("allowed", false);
        JsonObject status = new JsonObject();
        status.addProperty("code", reason.code());
        status.addProperty("reason", reason.text());
        status.addProperty("message", message);
        json.add("status", status);
      }
    }
    if (!response.warnings().isEmpty()) {
      JsonArray warnings = new JsonArray();
      response.warnings().stream().map(AdmissionReview::truncate).forEach(warnings::add);
      json.add("warnings", warnings);
    }
    JsonObject review = new JsonObject();
    review.addProperty("apiVersion", API_VERSION);
    review.addProperty("kind", KIND);
    review.add("response", json);
    return review.toString();
  }

  private static String truncate(String warning) {
    return warning.length() <= MAX_WARNING ? warning : warning.substring(0, MAX_WARNING - 1) + "…";
  }

  /**
   * Parses exactly one JSON object in UTF-8. The reader limits the nesting, and no code recurses
   * over the input.
   */
  private static JsonObject json(byte[] body) throws UnreadableReviewException {
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
      JsonReader reader = new JsonReader(new StringReader(text));
      reader.setStrictness(Strictness.STRICT);
      JsonElement element = ELEMENTS.read(reader);
      if (reader.peek() != JsonToken.END_DOCUMENT) {
        throw new UnreadableReviewException("more than one JSON value");
      }
      if (!element.isJsonObject()) {
        throw new UnreadableReviewException("not a JSON object");
      }
      return element.getAsJsonObject();
    } catch (CharacterCodingException e) {
      throw new UnreadableReviewException("not UTF-8");
    } catch (IOException | JsonParseException | NumberFormatException e) {
      throw new UnreadableReviewException("not JSON: " + e.getMessage());
    }
  }

  private static Optional<JsonObject> object(JsonObject parent, String field)
      throws UnreadableReviewException {
    JsonElement value = parent.get(field);
    if (value == null || value.isJsonNull()) {
      return Optional.empty();
    }
    if (!value.isJsonObject()) {
      throw new UnreadableReviewException(field + " is not an object");
    }
    return Optional.of(value.getAsJsonObject());
  }

  private static String string(JsonObject parent, String field) throws UnreadableReviewException {
    JsonElement value = parent.get(field);
    if (value == null || value.isJsonNull()) {
      return "";
    }
    if (!(value instanceof JsonPrimitive p) || !p.isString()) {
      throw new UnreadableReviewException(field + " is not a string");
    }
    return p.getAsString();
  }

  private static boolean bool(JsonObject parent, String field) throws UnreadableReviewException {
    JsonElement value = parent.get(field);
    if (value == null || value.isJsonNull()) {
      return false;
    }
    if (!(value instanceof JsonPrimitive p) || !p.isBoolean()) {
      throw new UnreadableReviewException(field + " is not true or false");
    }
    return p.getAsBoolean();
  }

  private static List<String> strings(JsonObject parent, String field)
      throws UnreadableReviewException {
    JsonElement value = parent.get(field);
    if (value == null || value.isJsonNull()) {
      return List.of();
    }
    if (!value.isJsonArray()) {
      throw new UnreadableReviewException(field + " is not a list");
    }
    List<String> strings = new ArrayList<>();
    for (JsonElement item : value.getAsJsonArray()) {
      if (!(item instanceof JsonPrimitive p) || !p.isString()) {
        throw new UnreadableReviewException(field + " is not a list of strings");
      }
      strings.add(p.getAsString());
    }
    return List.copyOf(strings);
  }

  private static Map<String, List<String>> extra(JsonObject user) throws UnreadableReviewException {
    JsonObject extra = object(user, "extra").orElseGet(JsonObject::new);
    Map<String, List<String>> result = new HashMap<>();
    for (String key : extra.keySet()) {
      result.put(key, strings(extra, key));
    }
    return Map.copyOf(result);
  }
}
