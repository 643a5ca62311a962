package io.vdi.operator.gate.http;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import java.util.Optional;
import java.util.Set;

/**
 * What every response of the portal has, and what every request must satisfy: no content from other
 * hosts, no scripts and styles but those of {@link Assets}, no frame around the pages, and no
 * unsafe method that another site starts. Images can be {@code data:} addresses, because the icons
 * of templates are; an image runs no scripts and loads nothing, also if it is SVG.
 */
public final class PortalDefences implements Filter {
  private static final HeaderName CSP = HeaderNames.create("Content-Security-Policy");
  private static final HeaderName HSTS = HeaderNames.create("Strict-Transport-Security");
  private static final HeaderName NO_SNIFF = HeaderNames.create("X-Content-Type-Options");
  private static final HeaderName FRAMES = HeaderNames.create("X-Frame-Options");
  private static final HeaderName REFERRER = HeaderNames.create("Referrer-Policy");
  private static final HeaderName OPENER = HeaderNames.create("Cross-Origin-Opener-Policy");
  private static final HeaderName RESOURCE = HeaderNames.create("Cross-Origin-Resource-Policy");
  private static final HeaderName FETCH_SITE = HeaderNames.create("Sec-Fetch-Site");
  private static final Set<String> SAFE = Set.of("GET", "HEAD");

  private final PublicUrl publicUrl;
  private final Set<String> called;
  private final String policy;

  /**
   * @param provider the origin of the provider: the form that signs out is redirected there
   * @param calledByServers paths that check themselves who sends a request. One that ends with a
   *     slash stands for all paths below it
   */
  public PortalDefences(
      PublicUrl publicUrl, Optional<String> provider, Set<String> calledByServers) {
    this.publicUrl = publicUrl;
    this.called = Set.copyOf(calledByServers);
    this.policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
            + " img-src 'self' data:; require-trusted-types-for 'script'; trusted-types portal;"
            + " frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
            + provider.map(origin -> " " + origin).orElse("");
  }

  @Override
  public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
    response.headers().set(CSP, policy);
    response.headers().set(NO_SNIFF, "nosniff");
    response.headers().set(FRAMES, "DENY");
    // Not no-referrer: with it, browsers send "Origin: null" with the forms of these pages.
    response.headers().set(REFERRER, "same-origin");
    response.headers().set(OPENER, "same-origin");
    response.headers().set(RESOURCE, "same-origin");
    if (publicUrl.origin().getScheme().equals("https")) {
      response.headers().set(HSTS, "max-age=31536000");
    }
    boolean allowed =
        SAFE.contains(request.prologue().method().text())
            || isCalledByServers(request.path().path())
            || isOwnOrigin(request);
    if (allowed) {
      chain.proceed();
    } else {
      response.status(Status.FORBIDDEN_403);
      response.headers().set(HeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8");
      response.send("the request was started by another site\n");
    }
  }

  private boolean isCalledByServers(String path) {
    return called.stream()
        .anyMatch(known -> known.endsWith("/") ? path.startsWith(known) : path.equals(known));
  }

  /** Browsers send Origin with every POST. A request without it is refused. */
  private boolean isOwnOrigin(RoutingRequest request) {
    return request.headers().first(HeaderNames.ORIGIN).equals(Optional.of(publicUrl.toString()))
        && request.headers().first(FETCH_SITE).map("same-origin"::equals).orElse(true);
  }
}
