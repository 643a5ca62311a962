package io.vdi.operator.cli.commands;

import io.vdi.operator.cli.output.Console;
import java.io.IOException;
import java.util.Locale;

/** The browser of the user. */
final class DesktopBrowser {
  private DesktopBrowser() {}

  /** Opens an https or http address; warns if that is not possible. */
  static void open(String url, Console console) {
    if (!url.startsWith("https://") && !url.startsWith("http://")) {
      console.err().println("warning: the address is not opened: it is not http");
      return;
    }
    boolean mac = System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("mac");
    try {
      new ProcessBuilder(mac ? "open" : "xdg-open", url)
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start();
    } catch (IOException e) {
      console.err().println("warning: cannot open a browser: " + e.getMessage());
    }
  }
}
