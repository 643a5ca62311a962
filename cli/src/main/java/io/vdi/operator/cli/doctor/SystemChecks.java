package io.vdi.operator.cli.doctor;

import java.util.List;
import java.util.stream.Stream;

/** The checks of the cluster and the operator, in the order in which they run. */
final class SystemChecks {
  private SystemChecks() {}

  static List<Check<DoctorContext>> all() {
    return Stream.of(
            ControlPlaneChecks.checks(),
            ServiceChecks.checks(),
            WebhookChecks.checks(),
            GateChecks.checks(),
            GpuChecks.checks())
        .flatMap(List::stream)
        .toList();
  }
}
