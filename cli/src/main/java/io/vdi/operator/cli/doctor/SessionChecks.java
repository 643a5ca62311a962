package io.vdi.operator.cli.doctor;

import java.util.List;
import java.util.stream.Stream;

/** What concerns one session, in the order in which it is asked. */
final class SessionChecks {
  private SessionChecks() {}

  static List<Check<Patient>> all() {
    return Stream.of(
            Admission.checks(), Workload.checks(), Desktop.checks(), Route.checks(), Relay.checks())
        .flatMap(List::stream)
        .toList();
  }
}
