package io.vdi.operator.gate.api.rest;

import io.helidon.http.HeaderNames;
import io.vdi.operator.common.usage.UsageReport;
import io.vdi.operator.gate.api.Desktops;
import io.vdi.operator.gate.api.UsageQuery;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** {@code GET /usage} with parameters: how much desktops were used, as JSON or CSV. */
final class UsageRequest {
  private static final String CSV = "text/csv";

  private UsageRequest() {}

  static Answer answer(Desktops desktops, ApiRequest request) {
    Optional<Answer.Problem> problem =
        request.queryProblem(Set.of("from", "to", "format"), Set.of("by"));
    if (problem.isPresent()) {
      return problem.get();
    }
    List<String> lists = request.queries("by");
    Optional<List<UsageReport.Dimension>> by =
        lists.isEmpty()
            ? Optional.of(List.of())
            : UsageReport.Dimension.parse(String.join(",", lists));
    if (by.isEmpty()) {
      return ApiRequest.badQuery("by must be " + UsageReport.Dimension.RULE, "by");
    }
    Optional<String> format = request.query("format");
    if (format.filter(text -> !Set.of("csv", "json").contains(text)).isPresent()) {
      return ApiRequest.badQuery("format must be csv or json", "format");
    }
    boolean csv =
        format
            .map("csv"::equals)
            .orElseGet(() ->
                ApiRequest.tags(request.http(), HeaderNames.ACCEPT).stream()
                    .anyMatch(type -> type.split(";", 2)[0].strip().equals(CSV)));
    return Answer.of(
        desktops.usageHistory(
            request.caller(), new UsageQuery(by.get(), request.query("from"), request.query("to"))),
        report -> csv ? new Answer.Csv(report.csv()) : Answer.Json.of(report.json()));
  }
}
