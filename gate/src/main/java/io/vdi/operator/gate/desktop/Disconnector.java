package io.vdi.operator.gate.desktop;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.DesktopCredentials;
import io.vdi.operator.common.model.SessionKey;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import okhttp3.Call;
import okhttp3.Callback;
import okhttp3.Credentials;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.Response;
import okio.BufferedSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends the open connections of a desktop by Selkies' own API: {@code GET /api/sessions} lists the
 * connected pages, {@code DELETE /api/sessions/<id>} closes one. All pages are closed, because
 * Selkies does not know which sign-in a page belongs to; those of other sign-ins reconnect. The
 * user of a desktop can run any server at its address, so answers are limited in size and time.
 */
public final class Disconnector implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Disconnector.class);

  /** What became of the open connections of a desktop. */
  public enum Outcome {
    /** Selkies was asked to end all of them. */
    DONE,
    /** The desktop does not run, so it has none. */
    ABSENT,
    /** They may still be open. */
    FAILED
  }

  /** Selkies waits up to a second for pages that do not answer. */
  private static final Duration LIST_TIMEOUT = Duration.ofMillis(1500);

  /** Selkies answers when the page has confirmed the end. It sends nothing to the page by then. */
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(15);

  private static final long MAX_BODY_BYTES = 256 * 1024;
  private static final int MAX_PAGES = 100;

  private final Predicate<Desktop> hasSelkies;
  private final Function<Desktop, ApiResult<DesktopCredentials>> credentials;
  private final Function<SessionKey, HttpUrl> address;
  private final Consumer<Outcome> onDesktop;
  private final OkHttpClient http =
      new OkHttpClient.Builder()
          .protocols(List.of(Protocol.HTTP_1_1))
          .followRedirects(false)
          .followSslRedirects(false)
          .callTimeout(CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
          .readTimeout(CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
          .build();

  /**
   * @param hasSelkies whether a desktop has this API; that of another flavor cannot be asked
   * @param address of the session's Service
   * @param onDesktop is called for each desktop
   */
  public Disconnector(
      Predicate<Desktop> hasSelkies,
      Function<Desktop, ApiResult<DesktopCredentials>> credentials,
      Function<SessionKey, HttpUrl> address,
      Consumer<Outcome> onDesktop) {
    this.hasSelkies = hasSelkies;
    this.credentials = credentials;
    this.address = address;
    this.onDesktop = onDesktop;
  }

  /** The address of a session's Service inside the cluster. */
  public static HttpUrl serviceAddress(SessionKey session) {
    return HttpUrl.get("http://" + session.name() + "." + session.namespace() + ".svc:8080/");
  }

  /** Begins to disconnect these desktops, concurrently, and returns. */
  public void disconnect(Iterable<Desktop> desktops) {
    for (Desktop desktop : desktops) {
      Thread.ofVirtual().name("disconnect " + desktop.session()).start(() -> disconnect(desktop));
    }
  }

  private void disconnect(Desktop desktop) {
    if (!hasSelkies.test(desktop)) {
      LOG.error(
          "the connections of {} cannot be ended: only flavor selkies can do that. Suspend the session"
              + " to end them",
          desktop.session());
      onDesktop.accept(Outcome.FAILED);
      return;
    }
    ApiResult<DesktopCredentials> found = credentials.apply(desktop);
    if (found.ok().isEmpty()) {
      LOG.error(
          "the connections of {} cannot be ended: {}",
          desktop.session(),
          found.failure().map(ApiFailure::message).orElse(""));
      onDesktop.accept(found.isNotFound() ? Outcome.ABSENT : Outcome.FAILED);
      return;
    }
    String authorization = authorization(found.ok().get());
    HttpUrl sessions = sessions(desktop);
    try {
      for (ConnectedPage page : pages(sessions, authorization)) {
        HttpUrl url = sessions.newBuilder().addPathSegment(page.id()).build();
        http.newCall(request(url, authorization).delete().build())
            .enqueue(new Report(desktop.session()));
      }
      onDesktop.accept(Outcome.DONE);
    } catch (ConnectException | UnknownHostException e) {
      LOG.info("{} does not run: it has no connections", desktop.session());
      onDesktop.accept(Outcome.ABSENT);
    } catch (IOException | JsonParseException e) {
      LOG.warn("the connections of {} cannot be ended: {}", desktop.session(), e.toString());
      onDesktop.accept(Outcome.FAILED);
    }
  }

  /**
   * How many pages a desktop has.
   *
   * @param viewers pages that only show the picture
   * @param controllers all others
   */
  public record Pages(int controllers, int viewers) {}

  /** The pages of a desktop now; empty if they cannot be known. */
  public Optional<Pages> count(Desktop desktop) {
    Optional<DesktopCredentials> found =
        Optional.of(desktop).filter(hasSelkies).flatMap(any -> credentials.apply(any).ok());
    if (found.isEmpty()) {
      return Optional.empty();
    }
    try {
      List<ConnectedPage> pages = pages(sessions(desktop), authorization(found.get()));
      int viewers = (int) pages.stream().filter(ConnectedPage::isViewer).count();
      return pages.size() < MAX_PAGES
          ? Optional.of(new Pages(pages.size() - viewers, viewers))
          : Optional.empty();
    } catch (IOException | JsonParseException e) {
      LOG.debug("the pages of {} cannot be counted: {}", desktop.session(), e.toString());
      return Optional.empty();
    }
  }

  private HttpUrl sessions(Desktop desktop) {
    return address.apply(desktop.session()).newBuilder().addPathSegments("api/sessions").build();
  }

  private static String authorization(DesktopCredentials found) {
    return Credentials.basic(found.user(), found.password(), StandardCharsets.UTF_8);
  }

  private record ConnectedPage(String id, boolean isViewer) {}

  private List<ConnectedPage> pages(HttpUrl sessions, String authorization) throws IOException {
    Call call = http.newCall(request(sessions, authorization).build());
    call.timeout().timeout(LIST_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    try (Response response = call.execute()) {
      BufferedSource body = response.body().source();
      if (response.code() != 200 || body.request(MAX_BODY_BYTES + 1)) {
        throw new IOException("unexpected answer with status " + response.code());
      }
      List<ConnectedPage> pages = new ArrayList<>();
      if (JsonParser.parseString(body.readUtf8()) instanceof JsonObject json
          && json.get("sessions") instanceof JsonArray sessionList) {
        for (JsonElement page : sessionList) {
          if (pages.size() < MAX_PAGES
              && page instanceof JsonObject object
              && object.get("id") instanceof JsonPrimitive id) {
            pages.add(
                new ConnectedPage(
                    id.getAsString(), new JsonPrimitive("viewer").equals(object.get("role"))));
          }
        }
      }
      return pages;
    }
  }

  private static Request.Builder request(HttpUrl url, String authorization) {
    return new Request.Builder()
        .url(url)
        .header("Accept", "application/json")
        .header("Authorization", authorization);
  }

  private record Report(SessionKey session) implements Callback {
    @Override
    public void onFailure(Call call, IOException e) {
      LOG.warn("{}: a page did not confirm its end: {}", session, e.toString());
    }

    @Override
    public void onResponse(Call call, Response response) {
      LOG.info("{}: a page was disconnected: {}", session, response.code());
      response.close();
    }
  }

  @Override
  public void close() {
    http.dispatcher().cancelAll();
    http.connectionPool().evictAll();
    http.dispatcher().executorService().shutdown();
  }
}
