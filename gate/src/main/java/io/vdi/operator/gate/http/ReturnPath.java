package io.vdi.operator.gate.http;

import java.util.Optional;

/**
 * A path of the same host to which a browser is redirected, with its query. Anything that a browser
 * could read as another host is refused, so no redirect leads away.
 */
public record ReturnPath(String value) {
  /**
   * The beginning of the gate's own paths on the host of a desktop. The pod never receives them.
   */
  public static final String RESERVED = "/.vdi/";

  /** The path on a desktop's host by which an admin watches it. */
  public static final String WATCH = RESERVED + "watch";

  /** The path on a desktop's host by which the guest of a link opens it. */
  public static final String LINK = RESERVED + "link";

  /** The first page. */
  public static final ReturnPath ROOT = new ReturnPath("/");

  private static final int MAX_LENGTH = 2000;

  /** Empty if the text is not such a path. */
  public static Optional<ReturnPath> parse(String text) {
    boolean safe =
        text.length() <= MAX_LENGTH
            && text.startsWith("/")
            && !text.startsWith("//")
            && text.indexOf('\\') < 0
            && text.chars().allMatch(c -> c > ' ' && c < 0x7F);
    return safe ? Optional.of(new ReturnPath(text)) : Optional.empty();
  }
}
