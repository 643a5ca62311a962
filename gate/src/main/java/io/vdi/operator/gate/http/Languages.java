package io.vdi.operator.gate.http;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import java.util.List;
import java.util.Locale;

/** The languages of the pages. */
public final class Languages {
  /** Those that have texts; the first is for everybody else. */
  public static final List<Locale> ALL = List.of(Locale.ENGLISH, Locale.GERMAN);

  private static final int MAX_HEADER = 500;

  private Languages() {}

  /** The language that the browser asks for. */
  public static Locale of(ServerRequest request) {
    return of(request.headers().first(HeaderNames.ACCEPT_LANGUAGE).orElse(""));
  }

  /**
   * The language of a reader.
   *
   * @param acceptLanguage the header of this name; what cannot be read counts as English
   */
  public static Locale of(String acceptLanguage) {
    if (acceptLanguage.isBlank() || acceptLanguage.length() > MAX_HEADER) {
      return ALL.getFirst();
    }
    try {
      Locale found = Locale.lookup(Locale.LanguageRange.parse(acceptLanguage), ALL);
      return found == null ? ALL.getFirst() : found;
    } catch (IllegalArgumentException e) {
      return ALL.getFirst();
    }
  }
}
