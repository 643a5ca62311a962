package io.vdi.operator.common.identity;

/** The rule for e-mail addresses; docs/specification.md, section 1. */
public final class EmailAddress {
  private static final int MAX_LENGTH = 254;

  private EmailAddress() {}

  /**
   * The same text for all spellings of one address, to compare addresses and to count by them: in
   * lower case. A letter stays as it is if another letter has the same lower case but not the same
   * upper case: U+212A, the sign for Kelvin, becomes k in lower case, and an identity provider can
   * give such an address to another person.
   */
  public static String key(String address) {
    StringBuilder key = new StringBuilder(address.length());
    address.codePoints().map(EmailAddress::fold).forEach(key::appendCodePoint);
    return key.toString();
  }

  private static int fold(int c) {
    int lower = Character.toLowerCase(c);
    int upper = Character.toUpperCase(c);
    return Character.toUpperCase(lower) == upper ? lower : upper;
  }

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
