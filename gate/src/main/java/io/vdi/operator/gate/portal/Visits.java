package io.vdi.operator.gate.portal;

import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.vdi.operator.gate.api.ApiUser;
import io.vdi.operator.gate.http.CookieHeader;
import io.vdi.operator.gate.http.Form;
import io.vdi.operator.gate.http.Page;
import io.vdi.operator.gate.http.Templates;
import io.vdi.operator.gate.portal.view.Message;
import io.vdi.operator.gate.portal.view.Paths;
import io.vdi.operator.gate.portal.view.Shell;
import io.vdi.operator.gate.portal.view.Texts;
import io.vdi.operator.gate.signin.SignIn;
import io.vdi.operator.gate.signin.SignInSessions;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes handlers of requests that need a user who is signed in. */
record Visits(
    SignInSessions sessions,
    BiFunction<ServerRequest, SignIn, ApiUser> callers,
    InstantSource clock) {
  private static final Logger LOG = LoggerFactory.getLogger(Visits.class);

  /** What answers the posted form of a user. */
  @FunctionalInterface
  interface FormHandler {
    void handle(Visit visit, Form form);
  }

  boolean isSignedIn(ServerRequest request) {
    return sessions.find(CookieHeader.of(request)).isPresent();
  }

  /** The visit, without an answer yet; empty if nobody is signed in. */
  Optional<Visit> find(ServerRequest request, ServerResponse response) {
    return sessions.find(CookieHeader.of(request)).map(signIn -> visit(request, response, signIn));
  }

  /** A handler that needs a user who is signed in. */
  Handler page(Consumer<Visit> handler) {
    return (request, response) -> {
      Optional<SignIn> signIn = sessions.find(CookieHeader.of(request));
      if (signIn.isEmpty()) {
        signedOut(request, response);
        return;
      }
      if (Visit.isByPerson(request)) {
        sessions
            .renewal(signIn.get())
            .ifPresent(cookie -> response.headers().add(HeaderNames.SET_COOKIE, cookie));
      }
      Visit visit = visit(request, response, signIn.get());
      try {
        handler.accept(visit);
      } catch (RuntimeException e) {
        // Helidon would show the message of the exception.
        LOG.error("{} {}", request.prologue().method().text(), request.path().path(), e);
        if (!response.isSent()) {
          visit.failed();
        }
      }
    };
  }

  Handler form(FormHandler handler) {
    return page(visit ->
        Form.read(visit.request())
            .ifPresentOrElse(form -> handler.handle(visit, form), visit::unreadable));
  }

  private Visit visit(ServerRequest request, ServerResponse response, SignIn signIn) {
    return new Visit(
        request, response, callers.apply(request, signIn), Visit.texts(request), clock.instant());
  }

  private static void signedOut(ServerRequest request, ServerResponse response) {
    String path = request.path().rawPath();
    String query = request.query().rawValue();
    boolean isRead = request.prologue().method().text().equals("GET");
    if (isRead && !path.equals(Paths.HOME) && Visit.isByPerson(request)) {
      Page.redirect(
          response, "/signin?to=" + Paths.segment(query.isEmpty() ? path : path + "?" + query));
      return;
    }
    Texts texts = Visit.texts(request);
    Page.sendHtml(
        response,
        isRead ? Status.OK_200 : Status.UNAUTHORIZED_401,
        Templates.render(
            "pages/signin.jte",
            Map.of("shell", shell(texts, texts.get("signin.title"), path, response))));
  }

  /** Of a page for a visitor who has not signed in. */
  private static Shell shell(Texts texts, String title, String path, ServerResponse response) {
    return new Shell(texts, title, path, Optional.empty(), false, Page.notice(response));
  }

  /** A path that nothing answers; nobody has to sign in to learn that. */
  void unknown(ServerRequest request, ServerResponse response) {
    Optional<Visit> visit = find(request, response);
    if (visit.isPresent()) {
      visit.get().notFound();
      return;
    }
    Texts texts = Visit.texts(request);
    Page.sendHtml(
        response,
        Status.NOT_FOUND_404,
        Templates.render(
            "pages/error.jte",
            Map.of(
                "shell",
                shell(texts, texts.get("error.NOT_FOUND"), request.path().path(), response),
                "message",
                new Message(texts.get("error.notFound"), ""),
                "back",
                Paths.HOME,
                "backText",
                texts.get("error.back"))));
  }
}
