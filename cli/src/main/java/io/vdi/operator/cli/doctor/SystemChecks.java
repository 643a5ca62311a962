package io.vdi.operator.cli.doctor;

import java.util.List;
import java.util.stream.Stream;

/** What concerns everybody, in the order in which it is asked. */
final class SystemChecks {
  private SystemChecks() {}

  static List<Check<Examination>> all() {
    return Stream.of(ControlPlane.checks(), Services.checks(), Webhook.checks(), Gpus.checks())
        .flatMap(List::stream)
        .toList();
  }
}
