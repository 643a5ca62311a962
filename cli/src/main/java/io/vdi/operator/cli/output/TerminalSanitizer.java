package io.vdi.operator.cli.output;

/**
 * Removes control sequences from text of the cluster. Users write names, messages and logs; a
 * control sequence in them could change what an admin sees in the terminal.
 */
public final class TerminalSanitizer {
  private TerminalSanitizer() {}

  /**
   * The text on one line. White space becomes a space, other control and format characters U+FFFD.
   */
  public static String of(String text) {
    StringBuilder plain = new StringBuilder(text.length());
    text.codePoints()
        .forEach(c ->
            plain.appendCodePoint(
                Character.isWhitespace(c)
                    ? ' '
                    : Character.isISOControl(c) || Character.getType(c) == Character.FORMAT
                        ? '\ufffd'
                        : c));
    return plain.toString();
  }
}
