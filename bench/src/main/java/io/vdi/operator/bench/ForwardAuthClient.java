package io.vdi.operator.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** Calls forward authentication as the router does, with the cookies of a browser. */
final class ForwardAuthClient {
  /** Address to sign-in, provider, callback, ticket, cookie: with room to spare. */
  private static final int MAX_REDIRECTS = 12;

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final URI forwardAuth;
  private final String host;
  private final Map<String, Map<String, String>> cookies = new HashMap<>();

  /**
   * @param host that of the desktop
   */
  ForwardAuthClient(URI forwardAuth, String host) {
    this.forwardAuth = forwardAuth;
    this.host = host;
  }

  /**
   * Opens the desktop as a browser does: over the sign-in of the portal to the desktop's cookie.
   *
   * @throws IllegalStateException if that does not end at the desktop
   */
  void signIn(URI portal) {
    String location = "https://" + host + "/";
    for (int i = 0; i < MAX_REDIRECTS; i++) {
      URI target = portal.resolve(location);
      boolean desktop = host.equals(target.getHost());
      HttpResponse<String> response =
          desktop ? forward(path(target)) : send(HttpRequest.newBuilder(target), portal.getHost());
      if (response.statusCode() == 200 && desktop) {
        return;
      }
      location =
          response
              .headers()
              .firstValue("Location")
              .orElseThrow(() ->
                  new IllegalStateException(
                      target + ": " + response.statusCode() + " " + response.body()));
    }
    throw new IllegalStateException("the sign-in does not end; last address: " + location);
  }

  /**
   * Asks for the desktop's page.
   *
   * @throws IllegalStateException if the request is not allowed
   */
  void ask() {
    HttpResponse<String> response = forward("/");
    if (response.statusCode() != 200) {
      throw new IllegalStateException(response.statusCode() + " " + response.body());
    }
  }

  private HttpResponse<String> forward(String path) {
    return send(
        HttpRequest.newBuilder(forwardAuth)
            .header("X-Forwarded-Host", host)
            .header("X-Forwarded-Method", "GET")
            .header("X-Forwarded-Proto", "https")
            .header("X-Forwarded-Uri", path)
            .header("Accept", "text/html")
            .header("Sec-Fetch-Mode", "navigate")
            .header("Sec-Fetch-Dest", "document"),
        host);
  }

  private HttpResponse<String> send(HttpRequest.Builder request, String cookieHost) {
    Map<String, String> known = cookies.computeIfAbsent(cookieHost, key -> new HashMap<>());
    if (!known.isEmpty()) {
      request.header(
          "Cookie",
          known.entrySet().stream()
              .map(cookie -> cookie.getKey() + "=" + cookie.getValue())
              .collect(Collectors.joining("; ")));
    }
    try {
      HttpResponse<String> response =
          http.send(request.build(), HttpResponse.BodyHandlers.ofString());
      for (String header : response.headers().allValues("Set-Cookie")) {
        String pair = header.split(";", 2)[0];
        known.put(pair.substring(0, pair.indexOf('=')), pair.substring(pair.indexOf('=') + 1));
      }
      return response;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static String path(URI target) {
    String path = target.getRawPath().isEmpty() ? "/" : target.getRawPath();
    return target.getRawQuery() == null ? path : path + "?" + target.getRawQuery();
  }
}
