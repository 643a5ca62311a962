package io.vdi.operator.e2e.node;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * What happens to desktops in the course of minutes, and to pods that share a GPU. The nested
 * classes share one configuration of the operator and run at the same time, because they mostly
 * wait.
 */
@Order(6)
class LiveDesktopsIT {
  @BeforeAll
  static void install() {
    OperatorNode node = SharedNode.get();
    node.apply(
        """
        {apiVersion: v1, kind: Secret, metadata: {name: renewal, namespace: vdi-system},
         stringData: {secret: shared}}
        """);
    node.install(
        "config.reaper.activity.statusInterval=5s",
        "config.reaper.busy.enabled=true",
        "config.reaper.busy.interval=10s",
        "config.reaper.warningBefore=10s",
        "config.turn.host=127.0.0.1",
        "config.turn.secretName=renewal");
  }

  @Nested
  @Execution(ExecutionMode.CONCURRENT)
  class Busy extends BusyDesktopTests {}

  @Nested
  @Execution(ExecutionMode.CONCURRENT)
  class Input extends InputTests {}

  @Nested
  @Execution(ExecutionMode.CONCURRENT)
  class Slicing extends SlicingTests {}

  @Nested
  @Execution(ExecutionMode.CONCURRENT)
  class TurnRenewal extends TurnRenewalTests {}
}
