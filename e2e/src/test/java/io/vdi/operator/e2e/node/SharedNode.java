package io.vdi.operator.e2e.node;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.cluster.SimulatedNodes;
import io.vdi.operator.devcluster.testing.PollIntervals;
import io.vdi.operator.images.Images;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * The node that all tests in this JVM share: to start one takes about a minute. It ends with the
 * JVM.
 */
public final class SharedNode {
  /** How long a test waits for a state that should come within seconds. */
  public static final Duration PATIENCE = Duration.ofSeconds(90);

  private static final SimulatedNodes.Spec SIMULATED = new SimulatedNodes.Spec(1, 2000, 2000);

  private static Optional<OperatorNode> shared = Optional.empty();

  private SharedNode() {}

  /** Returns the node with the values of the chart, whatever the tests before have installed. */
  public static OperatorNode withDefaults() {
    OperatorNode node = get();
    node.requireDefaults();
    return node;
  }

  /**
   * Returns the node, with the operator in a namespace that accepts only restricted pods. It has
   * the settings of the last test: install others, or use {@link #withDefaults}. If this machine
   * cannot run containers, the test is skipped with the reason.
   */
  public static synchronized OperatorNode get() {
    if (shared.isEmpty()) {
      Optional<String> unsupported = EmbeddedCluster.unsupportedReason();
      assumeTrue(
          unsupported.isEmpty(),
          () -> "no node that runs containers: " + unsupported.orElseThrow());
      shared = Optional.of(start());
    }
    return shared.get();
  }

  private static OperatorNode start() {
    // Most of these tests ask with kubectl.
    PollIntervals.setDefault(Duration.ofMillis(500));
    Path checkout = Path.of("..").toAbsolutePath().normalize();
    Images images = Images.of(checkout);
    Images.ALL.forEach(images::provide);
    Images.OF_NODE.forEach(images::provide);
    OperatorNode node = OperatorNode.start(checkout, SIMULATED);
    node.apply(
        """
        apiVersion: v1
        kind: Namespace
        metadata:
          name: %s
          labels: {pod-security.kubernetes.io/enforce: restricted}
        """
            .formatted(OperatorNode.NAMESPACE));
    node.install();
    return node;
  }
}
