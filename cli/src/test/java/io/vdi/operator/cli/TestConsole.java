package io.vdi.operator.cli;

import io.vdi.operator.cli.output.Console;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;

/** A console whose text can be read. */
public final class TestConsole {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final Console console;

  /**
   * @param width columns; 0 for none, as where a file is written
   */
  public TestConsole(int width, boolean colour) {
    this.console =
        new Console(
            new PrintWriter(out, true), new PrintWriter(err, true), width, colour, Map.of());
  }

  public Console console() {
    return console;
  }

  /** What was printed. */
  public String out() {
    console.out().flush();
    return out.toString();
  }

  /** What was complained. */
  public String err() {
    console.err().flush();
    return err.toString();
  }
}
