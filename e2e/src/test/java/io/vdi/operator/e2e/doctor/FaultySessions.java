package io.vdi.operator.e2e.doctor;

import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.e2e.node.OperatorNode;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.stream.Stream;

/**
 * The sessions that the doctor examines, and the templates, namespaces and storage classes that
 * make them fail. They are created before the first test, because a pod that crashes or a volume
 * that is not provisioned needs time to be recognized.
 */
final class FaultySessions {
  static final String NO_HOME = "persistence: {enabled: false}";

  private final DoctorHarness harness;
  private final OperatorNode node;

  FaultySessions(DoctorHarness harness) {
    this.harness = harness;
    this.node = harness.node();
  }

  /** Installs the chart with a TURN relay and a quota, and creates all sessions. */
  void create() {
    node.apply(
        """
        {apiVersion: v1, kind: Secret, metadata: {name: turn, namespace: vdi-system},
         stringData: {secret: %s}}
        """
            .formatted(TurnRelay.SECRET));
    install();
    namespaces();
    storage();
    templates();
    session("default", DoctorHarness.ALICE, "desktop", "resources: {gpu: 1, cpu: 400m}");
    sessions();
    sessionsOnLostNode();
    withoutWebhook(this::sessionsThatTheWebhookRejects);
  }

  void delete() {
    harness.shell("kubectl delete vdi --all -A --wait=false");
    // No kubelet ends them, and the controller waits until their grace period has passed.
    harness.shell("kubectl delete pod lost stranded --force --ignore-not-found");
    harness.shell("kubectl delete vdi --all -A --wait --timeout=90s");
    harness.shell(
        "kubectl delete --ignore-not-found vdit desktop idle crash no-image invalid open webrtc gpu spare");
    harness.shell("kubectl delete node lost-node --ignore-not-found");
    harness.shell("kubectl label node node-1 example.com/pool-");
    harness.shell("kubectl delete namespace limited crowded restricted errors --wait=false");
  }

  private void install() {
    node.install(values(harness));
  }

  /** The values of the chart with which these sessions have their states. */
  static String[] values(DoctorHarness harness) {
    return new String[] {
      "config.turn.host=127.0.0.1",
      "config.turn.port=" + harness.relay().port(),
      "config.turn.secretName=turn",
      "config.quota.namespace.exceptions[0].name=limited",
      "config.quota.namespace.exceptions[0].sessions=0"
    };
  }

  private void namespaces() {
    node.apply(
        """
        {apiVersion: v1, kind: Namespace, metadata: {name: limited}}
        ---
        {apiVersion: v1, kind: Namespace, metadata: {name: crowded}}
        ---
        {apiVersion: v1, kind: Namespace, metadata: {name: errors}}
        ---
        {apiVersion: v1, kind: ResourceQuota, metadata: {name: none, namespace: crowded},
         spec: {hard: {pods: 0}}}
        ---
        apiVersion: v1
        kind: Namespace
        metadata: {name: restricted, labels: {pod-security.kubernetes.io/enforce: restricted}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: foreign, namespace: default},
         spec: {ports: [{port: 1}]}}
        """);
  }

  private void storage() {
    node.apply(
        """
        {apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: nobody},
         provisioner: example.com/nobody}
        ---
        {apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: by-hand},
         provisioner: kubernetes.io/no-provisioner}
        ---
        apiVersion: storage.k8s.io/v1
        kind: StorageClass
        metadata: {name: host-path, annotations: {defaultVolumeType: hostPath}}
        provisioner: rancher.io/local-path
        volumeBindingMode: WaitForFirstConsumer
        ---
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: gone}
        spec:
          storageClassName: by-hand
          capacity: {storage: 10Gi}
          accessModes: [ReadWriteOnce]
          local: {path: /nowhere}
          nodeAffinity:
            required:
              nodeSelectorTerms:
                - matchExpressions:
                    - {key: kubernetes.io/hostname, operator: In, values: [node-1]}
        """);
  }

  private void templates() {
    String small = "resources: {defaultCPU: 200m, defaultMemory: 1Gi, defaultGPU: 0}";
    node.template("desktop", small);
    node.template("webrtc", small + "\n  transport: webrtc");
    idle("idle", "localhost/vdi-devcluster/pause:1", "startupTimeout: 20s");
    idle("no-image", "localhost/nowhere:1", "imagePullPolicy: IfNotPresent");
    idle("crash", "localhost/vdi-operator/controller:0.1.0-SNAPSHOT", "startupTimeout: 10m");
    idle("gpu", "localhost/vdi-devcluster/pause:1", "startupTimeout: 10m");
  }

  /** A template whose container is not a desktop. */
  private void idle(String name, String image, String more) {
    node.apply(
        """
        apiVersion: vdi.kasm.io/v1alpha1
        kind: VDITemplate
        metadata: {name: %s}
        spec:
          image: "%s"
          resources: {defaultCPU: 10m, defaultMemory: 256Mi, defaultGPU: 0}
          nodeSelector: {kubernetes.io/hostname: node-1}
          %s
        """
            .formatted(name, image, more));
  }

  /**
   * Creates a session.
   *
   * @param more further fields of its spec, as YAML
   */
  void session(String namespace, String name, String template, String more) {
    node.apply(
        """
        apiVersion: vdi.kasm.io/v1alpha1
        kind: VDISession
        metadata: {name: %s, namespace: %s}
        spec:
          user: %s@example.com
          template: %s
          %s
        """
            .formatted(name, namespace, name, template, more));
  }

  private void sessions() {
    session("default", "foreign", "idle", NO_HOME);
    session("default", "too-big", "idle", NO_HOME + "\n  resources: {cpu: '64'}");
    session("default", "failed", "gpu", NO_HOME);
    session("crowded", "crowded", "idle", NO_HOME);
    session("restricted", "restricted", "idle", NO_HOME);
    session("default", "no-class", "idle", "persistence: {storageClassName: nowhere}");
    session("default", "no-volume", "idle", "persistence: {storageClassName: nobody}");
    session("default", "no-mount", "gpu", "persistence: {storageClassName: by-hand}");
    session("default", "home", "desktop", "persistence: {storageClassName: host-path}");
    session("default", "no-image", "no-image", NO_HOME);
    session("default", "crash", "crash", NO_HOME + "\n  resources: {cpu: 100m}");
    session("default", "silent", "idle", NO_HOME);
    session("default", "webrtc", "webrtc", NO_HOME);
  }

  /**
   * A node that no kubelet reports for: the node lifecycle controller marks it as NotReady after
   * its grace period. Its taint keeps the pods of others away.
   */
  private void sessionsOnLostNode() {
    node.apply(
        """
        apiVersion: v1
        kind: Node
        metadata: {name: lost-node, labels: {example.com/pool: spare}}
        spec: {taints: [{key: example.com/pool, value: spare, effect: NoSchedule}]}
        ---
        apiVersion: vdi.kasm.io/v1alpha1
        kind: VDITemplate
        metadata: {name: spare}
        spec:
          image: localhost/vdi-devcluster/pause:1
          resources: {defaultCPU: 10m, defaultMemory: 256Mi, defaultGPU: 0}
          nodeSelector: {example.com/pool: spare}
          tolerations: [{key: example.com/pool, operator: Exists}]
        """);
    session("default", "lost", "spare", NO_HOME);
    session("default", "stranded", "spare", NO_HOME);
    await("the pods on the node")
        .atMost(DoctorHarness.PATIENCE)
        .pollInterval(Duration.ofSeconds(1))
        .until(() -> {
          heartbeat();
          return Stream.of("lost", "stranded").allMatch(this::isScheduled);
        });
  }

  /** What a kubelet reports: the node has room, and is ready. */
  private void heartbeat() {
    JsonObject status =
        JsonParser.parseString(
                """
                {"status": {"capacity": {"cpu": "4", "memory": "8Gi", "ephemeral-storage": "99Gi", "pods": "9"},
                  "conditions": [{"type": "Ready", "status": "True", "lastHeartbeatTime": "%s"}]}}
                """
                    .formatted(Instant.now().truncatedTo(ChronoUnit.SECONDS)))
            .getAsJsonObject();
    node.api().mergePatchStatus(ResourceType.NODE, "", "lost-node", status).orElseThrow();
  }

  private boolean isScheduled(String pod) {
    return node.api()
        .get(ResourceType.POD, "default", pod)
        .ok()
        .filter(Pod::isScheduled)
        .isPresent();
  }

  private void sessionsThatTheWebhookRejects() {
    idle("invalid", "localhost/vdi-devcluster/pause:1", "securityContext: {runAsUser: -5}");
    node.template(
        "open",
        "resources: {defaultCPU: 200m, defaultMemory: 1Gi, defaultGPU: 0}\n"
            + "  env: [{name: SELKIES_ENABLE_BASIC_AUTH, value: 'false'}]");
    session("default", "no-template", "nowhere", NO_HOME);
    session("default", "invalid", "invalid", NO_HOME);
    session("default", "open", "open", NO_HOME);
    session("limited", "limited", "idle", NO_HOME);
  }

  /**
   * Repeats the action until the API server has noticed that the webhook configurations are
   * deleted, then registers the webhook again.
   */
  private void withoutWebhook(Runnable action) {
    harness.shell("kubectl delete " + WebhookFaults.CONFIGURATIONS);
    await("the API server to bypass the webhook")
        .atMost(DoctorHarness.PATIENCE)
        .ignoreExceptions()
        .until(() -> {
          action.run();
          return true;
        });
    install();
  }
}
