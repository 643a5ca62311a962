package io.vdi.operator.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What Linux says of a process.
 *
 * @param rss resident memory now, in MiB
 * @param peak the most it ever was, in MiB
 * @param cpu processor time so far, in seconds
 */
record ProcessFigures(double rss, double peak, double cpu) {
  /** Linux counts processor time in these for all programs, whatever its own tick. */
  private static final double TICKS_A_SECOND = 100;

  static ProcessFigures of(long pid) {
    Path folder = Path.of("/proc", String.valueOf(pid));
    try {
      String status = Files.readString(folder.resolve("status"));
      String stat = Files.readString(folder.resolve("stat"));
      // After the name in parentheses, which may hold blanks; utime and stime are the 14th and
      // 15th.
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      double ticks = Double.parseDouble(fields[11]) + Double.parseDouble(fields[12]);
      return new ProcessFigures(
          mebibytes(status, "VmRSS:"), mebibytes(status, "VmHWM:"), ticks / TICKS_A_SECOND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static double mebibytes(String status, String field) {
    return status
            .lines()
            .filter(line -> line.startsWith(field))
            .mapToDouble(line -> Double.parseDouble(line.replaceAll("[^0-9]", "")))
            .findFirst()
            .orElseThrow()
        / 1024;
  }
}
