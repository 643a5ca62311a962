package io.vdi.operator.cli.doctor;

import java.util.List;
import java.util.stream.Stream;

/** What concerns one session, in the order in which it is asked. */
final class SessionChecks {
  private SessionChecks() {}

  static List<Check<SessionContext>> all() {
    return Stream.of(
            AdmissionChecks.checks(),
            WorkloadChecks.checks(),
            DesktopChecks.checks(),
            RouteChecks.checks(),
            RelayChecks.checks())
        .flatMap(List::stream)
        .toList();
  }
}
