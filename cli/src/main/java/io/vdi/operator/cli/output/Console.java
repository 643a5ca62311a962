package io.vdi.operator.cli.output;

import java.io.PrintWriter;
import java.util.Map;

/**
 * Where to print.
 *
 * @param width columns of the terminal; 0: no limit
 * @param color whether colours are understood
 */
public record Console(
    PrintWriter out, PrintWriter err, int width, boolean color, Map<String, String> environment) {
  private static final int USUAL = 80;

  /** Of this process. Colours and a width only where people look at it. */
  @SuppressWarnings("SystemConsoleNull") // JDK 25 gives null again where there is none.
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
      return USUAL;
    }
  }

  /** The text in a colour, where colours are understood. */
  public String colored(Color colour, String text) {
    return this.color ? "\u001b[" + colour.code + "m" + text + "\u001b[0m" : text;
  }

  /** Few, and never the only sign of anything. */
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
