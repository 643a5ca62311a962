package io.vdi.operator.cli.output;

import java.util.ArrayList;
import java.util.List;

/** Columns under headings, in the format of kubectl. */
public final class Table {
  private static final String GAP = "   ";
  private static final int MIN_WIDTH = 8;

  private final List<String> headings;
  private final List<List<String>> rows = new ArrayList<>();

  public Table(String... headings) {
    this.headings = List.of(headings);
  }

  public void row(String... cells) {
    if (cells.length != headings.size()) {
      throw new IllegalArgumentException(
          cells.length + " cells for " + headings.size() + " columns");
    }
    rows.add(List.of(cells));
  }

  /**
   * The lines of the table.
   *
   * @param width the longest line; cells of the widest columns are cut with an ellipsis. 0: no
   *     limit
   */
  public List<String> lines(int width) {
    int[] widths = new int[headings.size()];
    List<List<String>> all = new ArrayList<>();
    all.add(headings);
    all.addAll(rows);
    for (List<String> row : all) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], cellText(row.get(i)).length());
      }
    }
    while (width > 0 && total(widths) > width && widths[widest(widths)] > MIN_WIDTH) {
      widths[widest(widths)]--;
    }
    return all.stream().map(row -> line(row, widths)).toList();
  }

  private static String line(List<String> row, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < widths.length; i++) {
      String cell = cut(cellText(row.get(i)), widths[i]);
      line.append(i == 0 ? "" : GAP).append(cell);
      line.repeat(' ', widths[i] - cell.length());
    }
    return line.toString().stripTrailing();
  }

  /** An empty cell is {@code <none>}. */
  private static String cellText(String cell) {
    return cell.isEmpty() ? "<none>" : TerminalSanitizer.of(cell);
  }

  /** The text, cut with an ellipsis if it is longer than the width. */
  static String cut(String text, int width) {
    return text.length() <= width ? text : text.substring(0, Math.max(0, width - 1)) + "…";
  }

  private static int total(int[] widths) {
    int sum = GAP.length() * (widths.length - 1);
    for (int width : widths) {
      sum += width;
    }
    return sum;
  }

  private static int widest(int[] widths) {
    int widest = 0;
    for (int i = 1; i < widths.length; i++) {
      if (widths[i] >= widths[widest]) {
        widest = i;
      }
    }
    return widest;
  }
}
