package io.vdi.operator.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Memory and CPU time of a process, from /proc.
 *
 * @param rss resident memory now, in MiB
 * @param peak the highest resident memory since its start, in MiB
 * @param cpu CPU time so far, in seconds
 */
record ProcessFigures(double rss, double peak, double cpu) {
  /** Linux reports CPU time to programs in hundredths of a second, whatever its own clock rate. */
  private static final double TICKS_PER_SECOND = 100;

  static ProcessFigures of(long pid) {
    Path folder = Path.of("/proc", String.valueOf(pid));
    try {
      String status = Files.readString(folder.resolve("status"));
      String stat = Files.readString(folder.resolve("stat"));
      // The fields are counted after the name, which is in parentheses and may contain blanks.
      // utime and stime are fields 14 and 15 of the whole line.
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      double ticks = Double.parseDouble(fields[11]) + Double.parseDouble(fields[12]);
      return new ProcessFigures(
          mebibytes(status, "VmRSS:"), mebibytes(status, "VmHWM:"), ticks / TICKS_PER_SECOND);
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
