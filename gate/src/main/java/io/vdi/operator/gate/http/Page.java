package io.vdi.operator.gate.http;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerResponse;

/** Plain pages without scripts. All text is escaped. */
public final class Page {
  /** A header of the response whose text is shown on the page, such as a warning. */
  public static final HeaderName NOTICE = HeaderNames.create("X-Vdi-Notice");

  private Page() {}

  /** A page with a title and a paragraph. */
  public static void send(ServerResponse response, Status status, String title, String text) {
    send(response, status, title, text, "");
  }

  /**
   * @param html markup below the text, whose values are {@link #escape escaped}
   */
  public static void send(
      ServerResponse response, Status status, String title, String text, String html) {
    response.status(status);
    response.headers().set(HeaderNames.CONTENT_TYPE, "text/html; charset=utf-8");
    response.headers().set(HeaderNames.CACHE_CONTROL, "no-store");
    response.send(
        """
        <!doctype html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>%s</title></head>
        <body>%s<main><h1>%s</h1><p>%s</p>%s</main></body>
        </html>
        """
            .formatted(escape(title), notice(response), escape(title), escape(text), html));
  }

  /** The markup of the notice; empty if there is none. */
  public static String notice(ServerResponse response) {
    return response.headers().contains(NOTICE)
        ? "<p role=\"alert\">" + escape(response.headers().get(NOTICE).get()) + "</p>"
        : "";
  }

  /** A redirect that the browser follows with GET. */
  public static void redirect(ServerResponse response, String location) {
    response.status(Status.SEE_OTHER_303);
    response.headers().set(HeaderNames.LOCATION, location);
    response.headers().set(HeaderNames.CACHE_CONTROL, "no-store");
    response.headers().set(HeaderNames.create("Referrer-Policy"), "no-referrer");
    response.send();
  }

  /** Text that is safe in HTML, also as the value of an attribute. */
  public static String escape(String text) {
    StringBuilder escaped = new StringBuilder();
    text.chars()
        .forEach(c -> {
          switch (c) {
            case '&' -> escaped.append("&amp;");
            case '<' -> escaped.append("&lt;");
            case '>' -> escaped.append("&gt;");
            case '"' -> escaped.append("&quot;");
            case '\'' -> escaped.append("&#39;");
            default -> escaped.append((char) c);
          }
        });
    return escaped.toString();
  }
}
