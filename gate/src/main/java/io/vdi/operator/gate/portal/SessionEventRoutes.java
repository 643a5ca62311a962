package io.vdi.operator.gate.portal;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.gate.api.Desktops;
import io.vdi.operator.gate.api.Outcome;
import io.vdi.operator.gate.api.SessionView;
import io.vdi.operator.gate.api.Subscription;
import io.vdi.operator.gate.http.Templates;
import io.vdi.operator.gate.portal.view.Texts;
import io.vdi.operator.gate.portal.view.Views;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** The events with which an open page follows its session. */
final class SessionEventRoutes implements AutoCloseable {
  private static final HeaderName BUFFERING = HeaderNames.create("X-Accel-Buffering");

  /** Routers and browsers end connections of unknown age. */
  private static final Duration STREAM_LIFETIME = Duration.ofMinutes(30);

  private final Visits visits;
  private final Desktops desktops;
  private final Streams streams;

  SessionEventRoutes(Visits visits, Desktops desktops, Duration heartbeat) {
    this.visits = visits;
    this.desktops = desktops;
    this.streams = new Streams(heartbeat);
  }

  void routing(HttpRules rules) {
    rules.get(Visit.SESSION + "/events", this::events);
  }

  /** Ends the streams, whose browsers then connect to another replica. */
  @Override
  public void close() {
    streams.close();
  }

  private void events(ServerRequest request, ServerResponse response) {
    response.headers().set(HeaderNames.CACHE_CONTROL, "no-store");
    Optional<Visit> found = visits.find(request, response);
    Optional<SessionKey> key = found.flatMap(Visit::key);
    if (key.isEmpty()) {
      response.status(found.isEmpty() ? Status.UNAUTHORIZED_401 : Status.NOT_FOUND_404).send();
      return;
    }
    Visit visit = found.get();
    String user = visit.caller().email();
    Optional<SessionStream> opened = streams.open(user);
    if (opened.isEmpty()) {
      response.status(Status.TOO_MANY_REQUESTS_429).send();
      return;
    }
    SessionStream stream = opened.get();
    try {
      switch (desktops.watch(visit.caller(), key.get(), stream)) {
        case Outcome.Done<Subscription>(Subscription subscription) -> {
          try (subscription) {
            send(visit, stream, Origin.of(visit.query("from")));
          }
        }
        case Outcome.Refused<Subscription> refused ->
            response.status(Status.create(refused.status())).send();
        case Outcome.Unavailable<Subscription> unavailable ->
            response.status(Status.SERVICE_UNAVAILABLE_503).send();
      }
    } finally {
      streams.closed(user, stream);
    }
  }

  private void send(Visit visit, SessionStream stream, Origin origin) {
    visit.response().headers().set(HeaderNames.CONTENT_TYPE, "text/event-stream");
    // nginx would collect the events otherwise.
    visit.response().headers().set(BUFFERING, "no");
    try (OutputStream out = visit.response().outputStream()) {
      stream.send(
          out,
          session -> live(visit.texts(), session, origin),
          () -> visits.isSignedIn(visit.request()),
          STREAM_LIFETIME);
    } catch (IOException | UncheckedIOException e) {
      // The page is closed.
    }
  }

  private String live(Texts texts, SessionView session, Origin origin) {
    return Templates.render(
        "parts/live.jte",
        Map.of(
            "t",
            texts,
            "session",
            new Views(texts, visits.clock().instant()).details(session),
            "from",
            origin.text()));
  }
}
