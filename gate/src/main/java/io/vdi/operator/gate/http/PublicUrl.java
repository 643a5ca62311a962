package io.vdi.operator.gate.http;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Optional;

/**
 * The address of the portal as browsers see it. It comes from the configuration only: a {@code
 * Host} header is what a client writes.
 *
 * @param origin scheme, host and port, without a path
 */
public record PublicUrl(URI origin) {
  /**
   * Empty unless the text is an https address without path, query and user. http is allowed on the
   * loopback address, for development.
   */
  public static Optional<PublicUrl> parse(String text) {
    try {
      URI uri = new URI(text.endsWith("/") ? text.substring(0, text.length() - 1) : text);
      boolean secure = "https".equals(uri.getScheme());
      boolean loopback =
          "http".equals(uri.getScheme())
              && uri.getHost() != null
              && (uri.getHost().equals("localhost") || uri.getHost().equals("127.0.0.1"));
      boolean bare =
          uri.getHost() != null
              && uri.getHost().equals(uri.getHost().toLowerCase(Locale.ROOT))
              && uri.getRawUserInfo() == null
              && uri.getRawPath().isEmpty()
              && uri.getRawQuery() == null
              && uri.getRawFragment() == null;
      return (secure || loopback) && bare ? Optional.of(new PublicUrl(uri)) : Optional.empty();
    } catch (URISyntaxException e) {
      return Optional.empty();
    }
  }

  /** The address of a path of the portal, such as {@code /signin}. */
  public URI resolve(String path) {
    return URI.create(origin + path);
  }

  @Override
  public String toString() {
    return origin.toString();
  }
}
