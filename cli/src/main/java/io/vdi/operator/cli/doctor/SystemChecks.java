package io.vdi.operator.cli.doctor;

import java.util.List;
import java.util.stream.Stream;

/** What concerns everybody, in the order in which it is asked. */
final class SystemChecks {
  private SystemChecks() {}

  static List<Check<DoctorContext>> all() {
    return Stream.of(
            ControlPlaneChecks.checks(),
            ServiceChecks.checks(),
            WebhookChecks.checks(),
            GpuChecks.checks())
        .flatMap(List::stream)
        .toList();
  }
}
