package io.vdi.operator.cli.output;

/**
 * Text of a cluster, made harmless for a terminal: users write names, messages and logs, and a
 * control sequence in them could rewrite what an admin sees.
 */
public final class TerminalSanitizer {
  private TerminalSanitizer() {}

  /** On one line, with every control character replaced. */
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
