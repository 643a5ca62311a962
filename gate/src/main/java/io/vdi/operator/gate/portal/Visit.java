package io.vdi.operator.gate.portal;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.vdi.operator.common.model.Durations;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.gate.api.ApiUser;
import io.vdi.operator.gate.api.Desktops;
import io.vdi.operator.gate.api.ObjectNames;
import io.vdi.operator.gate.api.Outcome;
import io.vdi.operator.gate.api.ProblemType;
import io.vdi.operator.gate.api.SessionView;
import io.vdi.operator.gate.http.Form;
import io.vdi.operator.gate.http.Page;
import io.vdi.operator.gate.http.Templates;
import io.vdi.operator.gate.portal.view.Message;
import io.vdi.operator.gate.portal.view.Paths;
import io.vdi.operator.gate.portal.view.Shell;
import io.vdi.operator.gate.portal.view.Texts;
import io.vdi.operator.gate.portal.view.Views;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;

/** A request of a user who is signed in, and its answer. */
record Visit(
    ServerRequest request, ServerResponse response, ApiUser caller, Texts texts, Instant now) {
  private static final HeaderName FETCH_MODE = HeaderNames.create("Sec-Fetch-Mode");

  /** The part of an address that {@link #key} reads. */
  static final String KEY = "/{namespace}/{name}";

  /** The address of a session. */
  static final String SESSION = Paths.SESSIONS + KEY;

  /** The texts in the language that the browser asks for. */
  static Texts texts(ServerRequest request) {
    return Texts.of(request.headers().first(HeaderNames.ACCEPT_LANGUAGE).orElse(""));
  }

  /** Whether a person opens a page; otherwise a page that is open reads its own changes. */
  static boolean isByPerson(ServerRequest request) {
    return request.headers().first(FETCH_MODE).map("navigate"::equals).orElse(true);
  }

  /** The duration in a field of a form; empty if it is absent, cannot be read, or is too long. */
  static Optional<Duration> duration(Form form, String field, Duration max) {
    return form.get(field)
        .flatMap(Durations::parse)
        .filter(duration -> duration.compareTo(max) <= 0);
  }

  /** A parameter of the address; empty if it is absent or blank. */
  Optional<String> query(String name) {
    return request
        .query()
        .first(name)
        .asOptional()
        .map(String::strip)
        .filter(text -> !text.isEmpty());
  }

  /** The message about what the user has just done. */
  Optional<String> flash() {
    return FlashMessage.in(query("done"));
  }

  /** The session of the path; empty if it cannot be one. */
  Optional<SessionKey> key() {
    String namespace = request.path().pathParameters().get("namespace");
    String name = request.path().pathParameters().get("name");
    return ObjectNames.isLabel(namespace) && ObjectNames.isLabel(name)
        ? Optional.of(new SessionKey(namespace, name))
        : Optional.empty();
  }

  void withKey(Consumer<SessionKey> next) {
    key().ifPresentOrElse(next, this::notFound);
  }

  /** The session of the path, as the caller sees it. */
  void withSession(Desktops desktops, BiConsumer<SessionKey, SessionView> next) {
    withKey(key -> with(desktops.session(caller, key), session -> next.accept(key, session)));
  }

  /**
   * Changes what the path names.
   *
   * @param next where the browser goes after that
   */
  <T> void submit(Function<SessionKey, Outcome<T>> change, Function<SessionKey, String> next) {
    withKey(key -> with(change.apply(key), done -> Page.redirect(response, next.apply(key))));
  }

  /** The value; what is missing is reported on the page, which shows the other parts. */
  static <T> Optional<T> value(Outcome<T> outcome, List<String> problems) {
    return switch (outcome) {
      case Outcome.Done<T>(T value) -> Optional.of(value);
      case Outcome.Refused<T>(ProblemType type, String message, Optional<String> field) -> {
        problems.add(message);
        yield Optional.empty();
      }
      case Outcome.Unavailable<T>(String message) -> {
        problems.add(message);
        yield Optional.empty();
      }
    };
  }

  Views views() {
    return new Views(texts, now);
  }

  /** Sends a page. */
  void send(String template, String title, Map<String, Object> values) {
    send(Status.OK_200, template, title, values);
  }

  private void send(Status status, String template, String title, Map<String, Object> values) {
    Map<String, Object> all = new HashMap<>(values);
    all.put(
        "shell",
        new Shell(
            texts,
            title,
            request.path().path(),
            Optional.of(caller.email()),
            caller.isAdmin(),
            Page.notice(response)));
    Page.sendHtml(response, status, Templates.render(template, all));
  }

  /** Continues with the value of an outcome, or sends the page that says why there is none. */
  <T> void with(Outcome<T> outcome, Consumer<T> next) {
    switch (outcome) {
      case Outcome.Done<T>(T value) -> next.accept(value);
      case Outcome.Refused<T>(ProblemType type, String message, Optional<String> field) ->
          refuse(type, views().message(message));
      case Outcome.Unavailable<T>(String message) ->
          refuse(ProblemType.UNAVAILABLE, views().message(message));
    }
  }

  /** Sends the page for an address that does not exist. */
  void notFound() {
    refuse(ProblemType.NOT_FOUND, "error.notFound");
  }

  /** Sends the page for a form that cannot be read. */
  void unreadable() {
    refuse(ProblemType.BAD_REQUEST, "error.unavailable");
  }

  /** Sends the page for an error of the gate itself. */
  void failed() {
    refuse(ProblemType.INTERNAL, "error.unavailable");
  }

  private void refuse(ProblemType type, String key) {
    refuse(type, new Message(texts.get(key), ""));
  }

  private void refuse(ProblemType type, Message message) {
    send(
        Status.create(type.status()),
        "pages/error.jte",
        texts.get("error." + type.name()),
        Map.of("message", message, "back", Paths.HOME, "backText", texts.get("error.back")));
  }
}
