package io.vdi.operator.cli.output;

import java.io.PrintWriter;
import java.util.Map;

/**
 * The output of the process, and its environment.
 *
 * @param width columns of the terminal; 0 if the output is not a terminal: lines are not cut
 * @param color whether to print ANSI colors
 */
public record Console(
    PrintWriter out, PrintWriter err, int width, boolean color, Map<String, String> environment) {
  private static final int DEFAULT_WIDTH = 80;

  /**
   * The standard output of this process. It has a width and colors only if it is a terminal; {@code
   * NO_COLOR} and {@code TERM=dumb} switch colors off.
   */
  @SuppressWarnings("SystemConsoleNull") // JDK 25 returns null if there is no terminal.
  public static Console ofProcess() {
    Map<String, String> environment = System.getenv();
    boolean terminal = System.console() != null && System.console().isTerminal();
    return new Console(
        new PrintWriter(System.out, true),
        new PrintWriter(System.err, true),
        terminal ? columns(environment.getOrDefault("COLUMNS", "")) : 0,
        terminal
            && environment.getOrDefault("NO_COLOR", "").isEmpty()
            && !environment.getOrDefault("TERM", "").equals("dumb"),
        environment);
  }

  private static int columns(String text) {
    try {
      return Math.max(40, Integer.parseInt(text.strip()));
    } catch (NumberFormatException e) {
      return DEFAULT_WIDTH;
    }
  }

  /** The text in a color, if colors are on. */
  public String colored(Color color, String text) {
    return this.color ? "\u001b[" + color.code + "m" + text + "\u001b[0m" : text;
  }

  /** The text never depends on them: a report without colors says the same. */
  public enum Color {
    GREEN(32),
    YELLOW(33),
    RED(31),
    FAINT(2),
    BOLD(1);

    private final int code;

    Color(int code) {
      this.code = code;
    }
  }
}
