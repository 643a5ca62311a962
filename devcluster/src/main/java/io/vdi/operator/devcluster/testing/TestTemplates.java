package io.vdi.operator.devcluster.testing;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.cluster.Manifests;

/** The VDITemplates that tests use. Templates have no namespace, so all test classes share them. */
public final class TestTemplates {
  /** Its pods run on simulated nodes and become ready immediately. */
  public static final String SIMULATED = "kwok";

  /**
   * Its pods are scheduled on a node without a kubelet, where the test acts as the kubelet: see
   * {@link SessionFixture#kubeletReports}.
   */
  public static final String MANUAL = "manual";

  /** {@link #MANUAL} with a startup timeout of 12 s. */
  public static final String SHORT_STARTUP = "short-startup";

  /** The node of {@link #MANUAL}. Its Lease is renewed while tests run. */
  static final String MANUAL_NODE = "manual";

  private static final String VOLUME = "persistence: {storageClassName: kwok-volume}";
  private static final String ON_SIMULATED_NODE =
      VOLUME + ", nodeSelector: {vdi.devcluster/simulated: 'true'}";
  private static final String ON_MANUAL_NODE =
      VOLUME + ", nodeSelector: {vdi.test/node: manual}, tolerations: [{operator: Exists}]";

  private TestTemplates() {}

  /** Creates the three templates above, and the node for {@link #MANUAL}. */
  public static void create(KubeClient api) {
    Manifests.apply(
        api,
        """
        apiVersion: v1
        kind: Node
        metadata: {name: manual, labels: {vdi.test/node: manual, kubernetes.io/hostname: manual}}
        status:
          capacity: {cpu: "100", memory: 1Ti, pods: "500", nvidia.com/gpu: "100",
            ephemeral-storage: 1Ti}
          allocatable: {cpu: "100", memory: 1Ti, pods: "500", nvidia.com/gpu: "100",
            ephemeral-storage: 1Ti}
          conditions: [{type: Ready, status: "True", reason: Test, message: "",
            lastHeartbeatTime: "2026-01-01T00:00:00Z", lastTransitionTime: "2026-01-01T00:00:00Z"}]
        """);
    applySimulated(api, SIMULATED, "");
    applyManual(api, MANUAL, "");
    applyManual(api, SHORT_STARTUP, "startupTimeout: 12s");
  }

  /** Creates or replaces a template whose pods become ready immediately. */
  public static void applySimulated(KubeClient api, String name, String spec) {
    apply(api, name, spec + (spec.isEmpty() ? "" : ", ") + ON_SIMULATED_NODE);
  }

  /** Creates or replaces a template whose pods run where the test acts as the kubelet. */
  public static void applyManual(KubeClient api, String name, String spec) {
    apply(api, name, spec + (spec.isEmpty() ? "" : ", ") + ON_MANUAL_NODE);
  }

  /**
   * Creates or replaces a template.
   *
   * @param spec fields beside the image, in YAML's flow style: {@code port: 8080, maxTimeout: 9h}
   */
  public static void apply(KubeClient api, String name, String spec) {
    Manifests.apply(
        api,
        "{apiVersion: vdi.kasm.io/v1alpha1, kind: VDITemplate, metadata: {name: %s}, spec: {image: desktop, %s}}"
            .formatted(name, spec));
  }
}
