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
import io.vdi.operator.admission.validation.Decision;
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

/** AdmissionReview of admission.k8s.io/v1, from and to its JSON. */
final class AdmissionReview {
  private static final String API_VERSION = "admission.k8s.io/v1";
  private static final String KIND = "AdmissionReview";
  private static final TypeAdapter<JsonElement> ELEMENTS = new Gson().getAdapter(JsonElement.class);

  /** kubectl shows about this much of a warning; the API server cuts all of them at 4096. */
  private static final int MAX_WARNING = 256;

  private AdmissionReview() {}

  /** A body that is no AdmissionReview, and why. */
  static final class UnreadableReviewException extends Exception {
    private static final long serialVersionUID = 1L;

    UnreadableReviewException(String message) {
      super(message);
    }
  }

  static AdmissionRequest parse(byte[] body) throws UnreadableReviewException {
    JsonObject review = json(body);
    if (!text(review, "apiVersion").equals(API_VERSION) || !text(review, "kind").equals(KIND)) {
      throw new UnreadableReviewException("not an " + KIND + " of " + API_VERSION);
    }
    JsonObject request =
        object(review, "request").orElseThrow(() -> new UnreadableReviewException("no request"));
    if (text(request, "uid").isEmpty()) {
      throw new UnreadableReviewException("request.uid is missing");
    }
    if (text(request, "operation").isEmpty()) {
      throw new UnreadableReviewException("request.operation is missing");
    }
    JsonObject kind =
        object(request, "kind")
            .orElseThrow(() -> new UnreadableReviewException("request.kind is missing"));
    JsonObject user = object(request, "userInfo").orElseGet(JsonObject::new);
    return new AdmissionRequest(
        text(request, "uid"),
        text(request, "operation"),
        text(kind, "group"),
        text(kind, "kind"),
        text(request, "subResource"),
        text(request, "namespace"),
        text(request, "name"),
        new AdmissionRequest.Caller(text(user, "username"), texts(user, "groups"), extra(user)),
        request.get("dryRun") instanceof JsonPrimitive p && p.isBoolean() && p.getAsBoolean(),
        object(request, "object"),
        object(request, "oldObject"));
  }

  /** The answer to the request with this uid. */
  static String answer(String uid, Decision decision) {
    JsonObject response = new JsonObject();
    response.addProperty("uid", uid);
    switch (decision) {
      case Decision.Allow(JsonArray patch, List<String> warnings) -> {
        response.addProperty("allowed", true);
        if (!patch.isEmpty()) {
          response.addProperty("patchType", "JSONPatch");
          response.addProperty(
              "patch",
              Base64.getEncoder()
                  .encodeToString(patch.toString().getBytes(StandardCharsets.UTF_8)));
        }
      }
      case Decision.Deny(int code, String message, List<String> warnings) -> {
        response.addProperty("allowed", false);
        JsonObject status = new JsonObject();
        status.addProperty("code", code);
        status.addProperty("reason", reason(code));
        status.addProperty("message", message);
        response.add("status", status);
      }
      case Decision.QuotaCheckRequired undecided ->
          throw new IllegalStateException("the quotas have not been asked");
    }
    if (!decision.warnings().isEmpty()) {
      JsonArray warnings = new JsonArray();
      decision.warnings().stream().map(AdmissionReview::cut).forEach(warnings::add);
      response.add("warnings", warnings);
    }
    JsonObject review = new JsonObject();
    review.addProperty("apiVersion", API_VERSION);
    review.addProperty("kind", KIND);
    review.add("response", response);
    return review.toString();
  }

  private static String reason(int code) {
    return switch (code) {
      case 403 -> "Forbidden";
      case 422 -> "Invalid";
      case 429 -> "TooManyRequests";
      case 503 -> "ServiceUnavailable";
      default -> "BadRequest";
    };
  }

  private static String cut(String warning) {
    return warning.length() <= MAX_WARNING ? warning : warning.substring(0, MAX_WARNING - 1) + "…";
  }

  /** Exactly one JSON object in UTF-8; nesting is bounded by the reader, and nothing recurses. */
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

  private static String text(JsonObject parent, String field) throws UnreadableReviewException {
    JsonElement value = parent.get(field);
    if (value == null || value.isJsonNull()) {
      return "";
    }
    if (!(value instanceof JsonPrimitive p) || !p.isString()) {
      throw new UnreadableReviewException(field + " is not a text");
    }
    return p.getAsString();
  }

  private static List<String> texts(JsonObject parent, String field)
      throws UnreadableReviewException {
    JsonElement value = parent.get(field);
    if (value == null || value.isJsonNull()) {
      return List.of();
    }
    if (!value.isJsonArray()) {
      throw new UnreadableReviewException(field + " is not a list");
    }
    List<String> texts = new ArrayList<>();
    for (JsonElement item : value.getAsJsonArray()) {
      if (!(item instanceof JsonPrimitive p) || !p.isString()) {
        throw new UnreadableReviewException(field + " is not a list of texts");
      }
      texts.add(p.getAsString());
    }
    return List.copyOf(texts);
  }

  private static Map<String, List<String>> extra(JsonObject user) throws UnreadableReviewException {
    JsonObject extra = object(user, "extra").orElseGet(JsonObject::new);
    Map<String, List<String>> result = new HashMap<>();
    for (String key : extra.keySet()) {
      result.put(key, texts(extra, key));
    }
    return Map.copyOf(result);
  }
}
