package io.vdi.operator.common.identity;

/** The rule for e-mail addresses; docs/specification.md, section 1. */
public final class EmailAddress {
  private static final int MAX_LENGTH = 254;

  private EmailAddress() {}

  /**
   * Whether this is an e-mail address of at most {@value #MAX_LENGTH} characters: {@code
   * ^\S+@\S+\.\S+$}, the pattern of the schema. It is checked by code, because {@link
   * java.util.regex.Pattern} needs cubic time for it: 10 s for 3,000 characters.
   */
  public static boolean isValid(String text) {
    // A character is at most two UTF-16 units. Checked first, so that long values cost nothing.
    if (text.length() > 2 * MAX_LENGTH || length(text) > MAX_LENGTH) {
      return false;
    }
    int at = text.indexOf('@', 1);
    int dot = text.lastIndexOf('.', text.length() - 2);
    return at > 0 && dot > at + 1 && text.chars().noneMatch(EmailAddress::isSpace);
  }

  /** The characters that {@code \S} excludes. */
  private static boolean isSpace(int c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
  }

  /** Length in characters, as the API server counts it, not in UTF-16 units. */
  private static int length(String text) {
    return text.codePointCount(0, text.length());
  }
}
