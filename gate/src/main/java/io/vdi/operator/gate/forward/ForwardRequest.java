package io.vdi.operator.gate.forward;

import io.vdi.operator.gate.http.ReturnPath;
import java.util.Optional;

/**
 * What the decision needs to know of a request to a desktop. Values of headers are what the browser
 * wrote; authority, method and path are the router's.
 *
 * @param authority host and port in lower case
 * @param uri path and query
 * @param fetchSite {@code Sec-Fetch-Site}
 * @param fetchMode {@code Sec-Fetch-Mode}
 * @param fetchDest {@code Sec-Fetch-Dest}
 * @param acceptsHtml whether {@code Accept} names HTML
 * @param webSocket whether it is the handshake of a WebSocket
 * @param byPerson whether a person has entered the address or followed a link: {@code
 *     Sec-Fetch-User}. False for a page that reloads itself and for a prefetch
 */
public record ForwardRequest(
    String authority,
    String method,
    String uri,
    Optional<String> origin,
    Optional<String> fetchSite,
    Optional<String> fetchMode,
    Optional<String> fetchDest,
    boolean acceptsHtml,
    boolean webSocket,
    boolean byPerson) {

  /** It is encoded twice in addresses of the portal, and is a part of the ticket. */
  private static final int MAX_RETURN = 400;

  boolean isSafe() {
    return onlyReads() && !webSocket;
  }

  /** Whether the method changes nothing. A WebSocket begins with GET. */
  boolean onlyReads() {
    return method.equals("GET") || method.equals("HEAD") || method.equals("OPTIONS");
  }

  /** Whether the browser loads a page into a tab, and follows a redirect with it. */
  boolean isNavigation() {
    boolean page =
        fetchMode
            .map(mode -> mode.equals("navigate") && fetchDest.equals(Optional.of("document")))
            .orElse(acceptsHtml);
    return (method.equals("GET") || method.equals("HEAD")) && !webSocket && page;
  }

  /** The path without the query. */
  String rawPath() {
    return uri.indexOf('?') < 0 ? uri : uri.substring(0, uri.indexOf('?'));
  }

  /** Whether the gate answers it, and not the desktop. */
  boolean isReserved() {
    return rawPath().startsWith(ReturnPath.RESERVED);
  }

  /** Where the browser returns to after the sign-in; the first page if the path is long. */
  ReturnPath returnPath() {
    return uri.length() > MAX_RETURN
        ? ReturnPath.ROOT
        : ReturnPath.parse(uri).orElse(ReturnPath.ROOT);
  }
}
