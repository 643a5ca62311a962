package io.vdi.operator.gate.api.rest;

import io.helidon.http.HeaderNames;
import io.vdi.operator.common.usage.UsageReport;
import io.vdi.operator.gate.api.Desktops;
import io.vdi.operator.gate.api.UsageHistory;
import io.vdi.operator.gate.api.UsageQuery;
import java.util.ArrayList;
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
    List<UsageReport.Dimension> by = new ArrayList<>();
    for (String text :
        request.queries("by").stream()
            .flatMap(list -> List.of(list.split(",", -1)).stream())
            .toList()) {
      Optional<UsageReport.Dimension> dimension = UsageReport.Dimension.parse(text);
      if (dimension.isEmpty() || by.contains(dimension.get())) {
        return ApiRequest.badQuery(
            "by must be a list of user, group, template and month, each at most once, such as"
                + " user,month",
            "by");
      }
      by.add(dimension.get());
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
            request.caller(), new UsageQuery(by, request.query("from"), request.query("to"))),
        history -> csv ? csv(history) : Answer.Json.of(ApiJson.of(history)));
  }

  private static Answer csv(UsageHistory history) {
    return new Answer.Csv(history.report().csv());
  }
}
