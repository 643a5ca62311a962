package io.vdi.operator.cli.signin;

import io.kubernetes.client.openapi.ApiClient;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;

/** Asks the address of a desktop how it is protected, without any credentials. */
public final class UrlProbe {
  private static final Duration TIMEOUT = Duration.ofSeconds(3);

  private UrlProbe() {}

  /** The answer. */
  public enum Protection {
    /** The page leads to the portal of the gate. */
    GATE,
    /** The page asks for a password. */
    PASSWORD,
    /** It does not answer, or with something else. */
    UNKNOWN
  }

  /** Every certificate is accepted: nothing secret is sent, and the answer opens nothing. */
  public static Protection of(String url) {
    OkHttpClient http =
        new ApiClient(
                new OkHttpClient.Builder()
                    .callTimeout(TIMEOUT)
                    .followRedirects(false)
                    .followSslRedirects(false)
                    .build())
            .setVerifyingSsl(false)
            .getHttpClient();
    try (Response response =
        http.newCall(new Request.Builder().url(url).header("Accept", "text/html").build())
            .execute()) {
      return protection(response);
    } catch (IOException | IllegalArgumentException e) {
      return Protection.UNKNOWN;
    } finally {
      http.dispatcher().executorService().shutdown();
      http.connectionPool().evictAll();
    }
  }

  private static Protection protection(Response response) {
    if (response.code() == 401
        && response.headers("WWW-Authenticate").stream().anyMatch(way -> way.startsWith("Basic"))) {
      return Protection.PASSWORD;
    }
    String location = response.header("Location", "");
    boolean portal =
        response.code() == 303
            && location != null
            && location.startsWith("https://")
            && "/open".equals(URI.create(location).getPath());
    return portal ? Protection.GATE : Protection.UNKNOWN;
  }
}
