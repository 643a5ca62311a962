package io.vdi.operator.gate.http;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The cookies of a request. A sibling host can set cookies for the parent domain, and the browser
 * sends them beside ours. It cannot set one whose name begins with {@code __Host-}; so the gate
 * reads only such cookies, and none that arrives twice.
 */
public final class CookieHeader {
  /** The beginning of the names of the gate's cookies. */
  public static final String PREFIX = "__Host-vdi-";

  /** No cookies. */
  public static final CookieHeader NONE = new CookieHeader(List.of());

  private static final int MAX_COOKIES = 200;

  private record Cookie(String name, String value) {}

  private final List<Cookie> cookies;

  private CookieHeader(List<Cookie> cookies) {
    this.cookies = cookies;
  }

  /** The cookies of a request to the gate. */
  public static CookieHeader of(ServerRequest request) {
    return request.headers().contains(HeaderNames.COOKIE)
        ? parse(request.headers().get(HeaderNames.COOKIE).allValues())
        : NONE;
  }

  /**
   * @param headers the values of all {@code Cookie} headers
   */
  public static CookieHeader parse(List<String> headers) {
    List<Cookie> cookies = new ArrayList<>();
    for (String header : headers) {
      for (String pair : header.split(";", -1)) {
        int equals = pair.indexOf('=');
        if (equals > 0) {
          cookies.add(
              new Cookie(pair.substring(0, equals).strip(), pair.substring(equals + 1).strip()));
        }
      }
    }
    return cookies.size() > MAX_COOKIES ? NONE : new CookieHeader(List.copyOf(cookies));
  }

  /** The value of one of the gate's cookies; empty if it is absent or arrives more than once. */
  public Optional<String> get(String name) {
    List<Cookie> found = cookies.stream().filter(cookie -> cookie.name().equals(name)).toList();
    return found.size() == 1
        ? Optional.of(found.getFirst().value()).filter(value -> !value.isEmpty())
        : Optional.empty();
  }

  /** The header without the gate's own cookies; empty if no cookie remains. */
  public Optional<String> withoutOwn() {
    String rest =
        cookies.stream()
            .filter(cookie -> !isOwn(cookie.name()))
            .map(cookie -> cookie.name() + "=" + cookie.value())
            .collect(Collectors.joining("; "));
    return rest.isEmpty() ? Optional.empty() : Optional.of(rest);
  }

  private static boolean isOwn(String name) {
    return name.toLowerCase(Locale.ROOT).startsWith(PREFIX.toLowerCase(Locale.ROOT));
  }

  /** Without the values, so that no log contains them. */
  @Override
  public String toString() {
    return cookies.stream().map(Cookie::name).collect(Collectors.joining(", ", "[", "]"));
  }
}
