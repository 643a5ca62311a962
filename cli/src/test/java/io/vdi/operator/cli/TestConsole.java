package io.vdi.operator.cli;

import io.vdi.operator.cli.output.Console;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;

/** A console that keeps what is printed. */
public final class TestConsole {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final Console console;

  /**
   * @param width columns of the terminal; 0 for output to a file
   */
  public TestConsole(int width, boolean color) {
    this(width, color, Map.of());
  }

  public TestConsole(int width, boolean color, Map<String, String> environment) {
    this.console =
        new Console(
            new PrintWriter(out, true), new PrintWriter(err, true), width, color, environment);
  }

  public Console console() {
    return console;
  }

  public String out() {
    console.out().flush();
    return out.toString();
  }

  public String err() {
    console.err().flush();
    return err.toString();
  }
}
