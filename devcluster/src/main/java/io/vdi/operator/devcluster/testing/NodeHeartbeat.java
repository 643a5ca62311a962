package io.vdi.operator.devcluster.testing;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.runtime.schedule.Periodic;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/**
 * Renews the Lease of a node that has no kubelet, as its kubelet would. Without it, Kubernetes
 * marks the node as NotReady after 50 s, and the controller reports it as lost.
 */
final class NodeHeartbeat implements AutoCloseable {
  private static final Duration INTERVAL = Duration.ofSeconds(10);

  /** Kubernetes' MicroTime: always six digits after the second. */
  private static final DateTimeFormatter MICRO_TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

  private final KubeClient api;
  private final String node;
  private final Periodic renewals;

  NodeHeartbeat(KubeClient api, String node) {
    this.api = api;
    this.node = node;
    this.renewals = new Periodic("heartbeat-" + node, INTERVAL, this::renew);
    renewals.start();
  }

  private void renew() {
    Manifests.apply(
        api,
        """
        apiVersion: coordination.k8s.io/v1
        kind: Lease
        metadata: {name: %s, namespace: kube-node-lease}
        spec: {holderIdentity: %s, leaseDurationSeconds: 40, renewTime: "%s"}
        """
            .formatted(node, node, MICRO_TIME.format(Instant.now())));
  }

  @Override
  public void close() {
    renewals.close();
  }
}
