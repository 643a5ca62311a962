package io.vdi.operator.gate.portal.view;

import java.util.List;

/**
 * How much desktops were used, with the choices of the reader.
 *
 * @param about what a row is about, such as {@code Month}
 * @param by the choices for that, and the one that is made
 * @param months the choices of a time, and the one that is made
 * @param csv the address of the same as CSV
 */
public record UsageTable(
    String about,
    List<SessionCard.Choice> by,
    String chosenBy,
    List<SessionCard.Choice> months,
    String chosenMonth,
    List<Row> rows,
    String csv) {
  public UsageTable {
    by = List.copyOf(by);
    months = List.copyOf(months);
    rows = List.copyOf(rows);
  }

  /**
   * @param sessions how many sessions ran
   * @param hours in tenths, rounded down, as the language writes them
   */
  public record Row(String name, String sessions, String hours, String gpuHours) {}
}
