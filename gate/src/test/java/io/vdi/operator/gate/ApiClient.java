package io.vdi.operator.gate;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.nimbusds.jwt.JWTClaimsSet;
import io.vdi.operator.gate.signin.TestProvider;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import okhttp3.Headers;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;

/** A client of the REST API with tokens of a provider. */
final class ApiClient implements AutoCloseable {
  private final OkHttpClient http = new OkHttpClient.Builder().followRedirects(false).build();
  private final String root;

  /** An answer; its body is empty text if it has none. */
  record Answer(int status, Headers headers, String body) {
    JsonObject json() {
      return JsonParser.parseString(body).getAsJsonObject();
    }

    Optional<String> header(String name) {
      return Optional.ofNullable(headers.get(name));
    }

    String detail() {
      return json().get("detail").getAsString();
    }

    String field() {
      return json().has("field") ? json().get("field").getAsString() : "";
    }
  }

  ApiClient(int port) {
    this.root = "http://127.0.0.1:" + port;
  }

  /** The claims of a token that the gate accepts. */
  static JWTClaimsSet.Builder claims(TestProvider provider, String email, String... groups) {
    return new JWTClaimsSet.Builder()
        .issuer(provider.issuer())
        .audience(TestProvider.CLIENT)
        .subject("sub-" + email)
        .issueTime(Date.from(Instant.now()))
        .expirationTime(Date.from(Instant.now().plusSeconds(600)))
        .claim("email", email)
        .claim("email_verified", true)
        .claim("groups", List.of(groups));
  }

  static String token(TestProvider provider, String email, String... groups) {
    return provider.sign(claims(provider, email, groups).build());
  }

  Answer get(String token, String path, String... headers) {
    return send("GET", token, path, "", headers);
  }

  Answer post(String token, String path, String body) {
    return send("POST", token, path, body, "Content-Type", "application/json");
  }

  Answer patch(String token, String path, String body, String... headers) {
    return send("PATCH", token, path, body, with(headers));
  }

  Answer delete(String token, String path, String... headers) {
    return send("DELETE", token, path, "", headers);
  }

  private static String[] with(String... headers) {
    String[] all = Arrays.copyOf(headers, headers.length + 2);
    all[headers.length] = "Content-Type";
    all[headers.length + 1] = "application/json";
    return all;
  }

  /**
   * @param token empty: none
   * @param body empty: none, unless the method needs one
   */
  Answer send(String method, String token, String path, String body, String... headers) {
    try (Response response = http.newCall(request(method, token, path, body, headers)).execute()) {
      return new Answer(response.code(), response.headers(), response.body().string());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An open stream of events. */
  Response open(String token, String path) throws IOException {
    return http.newCall(request("GET", token, path, "")).execute();
  }

  private Request request(
      String method, String token, String path, String body, String... headers) {
    Request.Builder request = new Request.Builder().url(root + path);
    MediaType type = null;
    for (int i = 0; i < headers.length; i += 2) {
      if (headers[i].equals("Content-Type")) {
        type = MediaType.parse(headers[i + 1]);
      } else {
        request.addHeader(headers[i], headers[i + 1]);
      }
    }
    if (!token.isEmpty()) {
      request.addHeader("Authorization", "Bearer " + token);
    }
    boolean needsBody = method.equals("POST") || method.equals("PATCH") || method.equals("PUT");
    return request
        .method(
            method,
            needsBody || !body.isEmpty()
                ? RequestBody.create(body.getBytes(StandardCharsets.UTF_8), type)
                : null)
        .build();
  }

  @Override
  public void close() {
    http.dispatcher().executorService().shutdown();
    http.connectionPool().evictAll();
  }
}
