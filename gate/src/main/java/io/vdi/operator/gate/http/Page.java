package io.vdi.operator.gate.http;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** How pages are sent, and plain pages with a message. */
public final class Page {
  /**
   * A link below a message.
   *
   * @param path of the portal
   */
  public record Link(PageText text, String path) {}

  /** A header of the response whose text every page shows, such as a warning. In English. */
  public static final HeaderName NOTICE = HeaderNames.create("X-Vdi-Notice");

  private Page() {}

  /** A page of the portal with a title and a paragraph. */
  public static void send(
      ServerRequest request,
      ServerResponse response,
      Status status,
      PageText title,
      PageText.With text,
      Link... links) {
    message(request, response, status, true, title, text, List.of(links));
  }

  /** The same on the host of a desktop, which has no style sheet for it. */
  public static void sendBare(
      ServerRequest request,
      ServerResponse response,
      Status status,
      PageText title,
      PageText.With text,
      Link... links) {
    message(request, response, status, false, title, text, List.of(links));
  }

  private static void message(
      ServerRequest request,
      ServerResponse response,
      Status status,
      boolean isStyled,
      PageText title,
      PageText.With text,
      List<Link> links) {
    Locale language = Languages.of(request);
    sendHtml(
        response,
        status,
        Templates.render(
            "message.jte",
            Map.of(
                "isStyled",
                isStyled,
                "warning",
                notice(response),
                "language",
                language,
                "title",
                title.with().in(language),
                "text",
                text.in(language),
                "links",
                links)));
  }

  /** The text of {@link #NOTICE}. */
  public static Optional<String> notice(ServerResponse response) {
    return response.headers().contains(NOTICE)
        ? Optional.of(response.headers().get(NOTICE).get())
        : Optional.empty();
  }

  /** A complete page. No browser and no proxy keeps it, because it is for one user. */
  public static void sendHtml(ServerResponse response, Status status, String html) {
    response.status(status);
    response.headers().set(HeaderNames.CONTENT_TYPE, "text/html; charset=utf-8");
    response.headers().set(HeaderNames.CACHE_CONTROL, "no-store");
    response.headers().set(HeaderNames.VARY, "Accept-Language");
    response.send(html);
  }

  /** A redirect that the browser follows with GET. */
  public static void redirect(ServerResponse response, String location) {
    response.status(Status.SEE_OTHER_303);
    response.headers().set(HeaderNames.LOCATION, location);
    response.headers().set(HeaderNames.CACHE_CONTROL, "no-store");
    response.headers().set(HeaderNames.create("Referrer-Policy"), "no-referrer");
    response.send();
  }
}
