package io.vdi.operator.admission.validation;

/** User input as messages show it. */
public final class ShortText {
  private static final int MAX_LENGTH = 80;

  private ShortText() {}

  /**
   * At most {@value #MAX_LENGTH} characters, so that a value of megabytes does not become a message
   * of megabytes, and without control characters, which would let the value write its own lines
   * into a terminal or a log.
   */
  public static String of(String text) {
    String cut = text.length() <= MAX_LENGTH ? text : text.substring(0, MAX_LENGTH) + "…";
    StringBuilder safe = new StringBuilder(cut.length());
    cut.codePoints().forEach(c -> safe.appendCodePoint(isPrintable(c) ? c : '?'));
    return safe.toString();
  }

  /** A cut can leave half of a surrogate pair, which cannot be encoded. */
  private static boolean isPrintable(int c) {
    return !Character.isISOControl(c) && Character.getType(c) != Character.SURROGATE;
  }
}
