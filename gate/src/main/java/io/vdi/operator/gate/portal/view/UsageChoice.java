package io.vdi.operator.gate.portal.view;

import io.vdi.operator.common.usage.UsageReport.Dimension;
import io.vdi.operator.gate.api.UsageQuery;
import java.time.YearMonth;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What the reader of the page of usage wants to see.
 *
 * @param by what a row is about
 * @param month empty: all of {@link #months}
 * @param thisMonth the present one
 * @param isAdmin whether the use of everybody is shown
 */
public record UsageChoice(
    Dimension by, Optional<YearMonth> month, YearMonth thisMonth, boolean isAdmin) {
  /** As many as {@code usage.retention} keeps by default. */
  private static final int MONTHS = 13;

  /** The value of the parameter {@code month} for all months. */
  static final String ALL = "all";

  /**
   * Reads the parameters of the page. A value that is not offered counts as absent: users then see
   * each month, and admins each user in this month.
   */
  public static UsageChoice of(
      Optional<String> by, Optional<String> month, YearMonth thisMonth, boolean isAdmin) {
    UsageChoice standard =
        isAdmin
            ? new UsageChoice(Dimension.USER, Optional.of(thisMonth), thisMonth, true)
            : new UsageChoice(Dimension.MONTH, Optional.empty(), thisMonth, false);
    Optional<YearMonth> chosen =
        standard.months().stream()
            .filter(offered -> month.filter(offered.toString()::equals).isPresent())
            .findFirst();
    return new UsageChoice(
        standard.dimensions().stream()
            .filter(offered -> by.filter(offered.text()::equals).isPresent())
            .findFirst()
            .orElse(standard.by()),
        chosen.isPresent() || month.filter(ALL::equals).isPresent() ? chosen : standard.month(),
        thisMonth,
        isAdmin);
  }

  /** The months that are offered, the latest first. */
  List<YearMonth> months() {
    return Stream.iterate(thisMonth, month -> month.minusMonths(1)).limit(MONTHS).toList();
  }

  /** What a row can be about. */
  List<Dimension> dimensions() {
    return isAdmin
        ? List.of(Dimension.USER, Dimension.GROUP, Dimension.TEMPLATE, Dimension.MONTH)
        : List.of(Dimension.MONTH, Dimension.TEMPLATE);
  }

  private String from() {
    return month.orElseGet(() -> months().getLast()).atDay(1).toString();
  }

  private Optional<String> to() {
    return month.map(chosen -> chosen.plusMonths(1).atDay(1).toString());
  }

  /** What is asked for. */
  public UsageQuery query() {
    return new UsageQuery(List.of(by), Optional.of(from()), to());
  }

  /** The address of the same as CSV. */
  String csv() {
    return "/api/v1/usage?format=csv&by="
        + by.text()
        + "&from="
        + from()
        + to().map(end -> "&to=" + end).orElse("");
  }
}
