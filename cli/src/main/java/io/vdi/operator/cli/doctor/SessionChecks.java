package io.vdi.operator.cli.doctor;

import java.util.List;
import java.util.stream.Stream;

/** The checks of one session, in the order in which they run. */
final class SessionChecks {
  private SessionChecks() {}

  static List<Check<SessionContext>> all() {
    return Stream.of(
            AdmissionChecks.checks(),
            WorkloadChecks.checks(),
            DesktopChecks.checks(),
            NetworkChecks.checks(),
            RouteChecks.checks(),
            RelayChecks.checks())
        .flatMap(List::stream)
        .toList();
  }
}
