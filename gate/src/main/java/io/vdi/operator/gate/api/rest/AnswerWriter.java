package io.vdi.operator.gate.api.rest;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.vdi.operator.common.model.Hashes;
import io.vdi.operator.gate.api.ProblemType;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;

/** Sends answers: as JSON with an ETag, as a table, or as a problem. */
final class AnswerWriter {
  static final String JSON = "application/json";

  private static final String PROBLEM = "application/problem+json";
  private static final HeaderName ETAG = HeaderNames.create("ETag");
  private static final HeaderName IF_NONE_MATCH = HeaderNames.create("If-None-Match");
  private static final int HASH_LENGTH = 16;

  private AnswerWriter() {}

  /** A HEAD is answered like a GET, without the body. */
  static String method(ServerRequest request) {
    return isHead(request) ? "GET" : request.prologue().method().text();
  }

  static boolean isHead(ServerRequest request) {
    return request.prologue().method().text().equals("HEAD");
  }

  static void send(Answer answer, ServerRequest request, ServerResponse response) {
    switch (answer) {
      case Answer.Sent() -> {}
      case Answer.Csv(String text) -> {
        response.headers().set(HeaderNames.CACHE_CONTROL, "private, no-cache");
        response
            .headers()
            .set(HeaderNames.CONTENT_DISPOSITION, "attachment; filename=\"usage.csv\"");
        send(request, response, "text/csv; charset=utf-8", text);
      }
      case Answer.Json(
              int status,
              JsonElement body,
              Optional<String> version,
              Map<String, String> headers) -> {
        String text = body.toString();
        String tag = tag(text, version);
        headers.forEach((name, value) -> response.headers().set(HeaderNames.create(name), value));
        response.headers().set(ETAG, tag);
        response.headers().set(HeaderNames.CACHE_CONTROL, "private, no-cache");
        response.headers().set(HeaderNames.VARY, "Authorization, Cookie");
        if (status == 200
            && method(request).equals("GET")
            && ApiRequest.tags(request, IF_NONE_MATCH).stream()
                .anyMatch(known -> known.equals("*") || known.equals(tag))) {
          response.status(Status.NOT_MODIFIED_304).send();
          return;
        }
        response.status(Status.create(status));
        send(request, response, JSON, text);
      }
      case Answer.Problem(
              ProblemType type,
              String detail,
              Optional<String> field,
              Map<String, String> headers) -> {
        JsonObject problem = new JsonObject();
        problem.addProperty("type", "urn:vdi:problem:" + type.code());
        problem.addProperty("title", type.title());
        problem.addProperty("status", type.status());
        problem.addProperty("detail", detail);
        field.ifPresent(name -> problem.addProperty("field", name));
        headers.forEach((name, value) -> response.headers().set(HeaderNames.create(name), value));
        response.headers().set(HeaderNames.CACHE_CONTROL, "no-store");
        response.status(Status.create(type.status()));
        send(request, response, PROBLEM, problem.toString());
      }
    }
  }

  /** The version, and what else the document shows: pods and templates change without it. */
  private static String tag(String body, Optional<String> version) {
    return "\""
        + version.map(text -> text + ".").orElse("")
        + Hashes.sha256(body, HASH_LENGTH)
        + "\"";
  }

  private static void send(
      ServerRequest request, ServerResponse response, String type, String body) {
    response.headers().set(HeaderNames.CONTENT_TYPE, type);
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    if (isHead(request)) {
      response.headers().contentLength(bytes.length);
      response.send();
    } else {
      response.send(bytes);
    }
  }
}
