package io.vdi.operator.e2e.doctor;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.google.gson.JsonObject;
import io.vdi.operator.cli.cluster.Kubeconfig;
import io.vdi.operator.cli.doctor.CheckResult;
import io.vdi.operator.cli.doctor.DoctorContext;
import io.vdi.operator.cli.doctor.Finding;
import io.vdi.operator.cli.doctor.Report;
import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.devcluster.addons.GpuOperatorAddon;
import io.vdi.operator.devcluster.addons.RouterAddon;
import io.vdi.operator.devcluster.build.DebianPackages;
import io.vdi.operator.devcluster.operator.FullCluster;
import io.vdi.operator.devcluster.process.ChildProcess;
import io.vdi.operator.devcluster.process.LoopbackPorts;
import io.vdi.operator.e2e.cli.Shell;
import io.vdi.operator.e2e.node.Node;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every cause of the catalogue, produced on the node; the doctor has to name it, and name it first.
 * Where its remedy is a command that mends, that very command is run, and has to mend it.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FaultsIT {
  private static final String ALICE = "alice-faults";
  private static final String WEBHOOKS =
      "mutatingwebhookconfiguration,validatingwebhookconfiguration vdi-operator";

  private static final String NO_SLICING =
      "kubectl patch clusterpolicies.nvidia.com/cluster-policy --type=merge"
          + " --patch='{\"spec\": {\"devicePlugin\": {\"config\": null}}}'";

  private final Path folder;
  private final Set<KnownCause> named = EnumSet.noneOf(KnownCause.class);
  private final int turnPort = LoopbackPorts.free(1).getFirst();
  private Node node;
  private DoctorHarness ward;
  private Shell shell;
  private ChildProcess relay;

  FaultsIT(@TempDir Path folder) {
    this.folder = folder;
  }

  @BeforeAll
  void start() throws IOException {
    node = Node.shared();
    ward = new DoctorHarness(node);
    shell = new Shell(node, folder);
    assumeTrue(
        DebianPackages.provide("coturn", Path.of("/usr/bin/turnserver")),
        "needs the Debian package coturn");
    node.apply(
        """
        {apiVersion: v1, kind: Secret, metadata: {name: turn, namespace: vdi-system},
         stringData: {secret: shared}}
        """);
    startRelay();
    node.install(
        "config.turn.host=127.0.0.1",
        "config.turn.port=" + turnPort,
        "config.turn.secretName=turn",
        "config.quota.namespace.exceptions[0].name=limited",
        "config.quota.namespace.exceptions[0].sessions=0");
    surroundings();
    session("default", ALICE, "desktop", "resources: {gpu: 1, cpu: 400m}");
    sessions();
  }

  private void startRelay() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("turnserver.conf"),
            """
            use-auth-secret
            static-auth-secret=shared
            realm=%s
            listening-ip=127.0.0.1
            relay-ip=127.0.0.1
            listening-port=%d
            no-cli
            no-tls
            no-dtls
            log-file=stdout
            pidfile=%s/pid
            userdb=%s/db
            """
                .formatted(FullCluster.DOMAIN, turnPort, folder, folder));
    relay =
        ChildProcess.start(
            "turnserver",
            List.of("setpriv", "--pdeathsig", "KILL", "turnserver", "-c", file.toString()),
            Map.of(),
            folder.resolve("turnserver.log"));
  }

  @AfterAll
  void end() {
    if (relay != null) {
      relay.kill();
    }
    if (shell != null) {
      shell.run("kubectl delete vdi --all -A --wait --timeout=90s");
      shell.run(
          "kubectl delete --ignore-not-found vdit desktop idle crash no-image invalid open webrtc gpu");
      shell.run("kubectl delete namespace limited crowded restricted errors --wait=false");
      node.install();
    }
  }

  /** Templates, and what stands in the way of sessions to come. */
  private void surroundings() {
    String small = "resources: {defaultCPU: 200m, defaultMemory: 1Gi, defaultGPU: 0}";
    node.template("desktop", small);
    node.template("webrtc", small + "\n  transport: webrtc");
    idle("idle", "localhost/vdi-devcluster/pause:1", "startupTimeout: 20s");
    idle("no-image", "localhost/nowhere:1", "imagePullPolicy: IfNotPresent");
    idle("crash", "localhost/vdi-operator/controller:0.1.0-SNAPSHOT", "startupTimeout: 10m");
    idle("gpu", "localhost/vdi-devcluster/pause:1", "startupTimeout: 10m");
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
        ---
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

  private void session(String namespace, String name, String template, String more) {
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

  /** Those with which something is wrong from the beginning. */
  private void sessions() {
    String noHome = "persistence: {enabled: false}";
    session("default", "foreign", "idle", noHome);
    session("default", "too-big", "idle", noHome + "\n  resources: {cpu: '64'}");
    session("default", "failed", "gpu", noHome);
    session("crowded", "crowded", "idle", noHome);
    session("restricted", "restricted", "idle", noHome);
    session("default", "no-class", "idle", "persistence: {storageClassName: nowhere}");
    session("default", "no-volume", "idle", "persistence: {storageClassName: nobody}");
    session("default", "no-mount", "gpu", "persistence: {storageClassName: by-hand}");
    session("default", "home", "desktop", "persistence: {storageClassName: host-path}");
    session("default", "no-image", "no-image", noHome);
    session("default", "crash", "crash", noHome + "\n  resources: {cpu: 100m}");
    session("default", "silent", "idle", noHome);
    session("default", "webrtc", "webrtc", noHome);
  }

  /** Those that the webhook would not let in; it is out of the way just then. */
  private void smuggled() {
    String noHome = "persistence: {enabled: false}";
    idle("invalid", "localhost/vdi-devcluster/pause:1", "securityContext: {runAsUser: -5}");
    node.template(
        "open",
        "resources: {defaultCPU: 200m, defaultMemory: 1Gi, defaultGPU: 0}\n"
            + "  env: [{name: SELKIES_ENABLE_BASIC_AUTH, value: 'false'}]");
    session("default", "no-template", "nowhere", noHome);
    session("default", "invalid", "invalid", noHome);
    session("default", "open", "open", noHome);
    session("limited", "limited", "idle", noHome);
  }

  @TestFactory
  Stream<DynamicTest> everyCauseIsNamedFirst() {
    List<DynamicTest> tests = new ArrayList<>();
    tests.add(
        dynamicTest(
            "a healthy session",
            () -> {
              awaitRunning(ALICE);
              ward.awaitHealth(of(ALICE));
            }));
    tests.add(dynamicTest("who may see sessions only", this::leastPrivilege));
    controlPlane(tests);
    sessionsOwn(tests);
    dataPlane(tests);
    gpus(tests);
    last(tests);
    tests.add(
        dynamicTest(
            "the whole catalogue",
            () -> {
              DoctorHarness.say(
                  named.size() + " of " + KnownCause.values().length + " causes were named first");
              assertEquals(EnumSet.allOf(KnownCause.class), named);
            }));
    return tests.stream();
  }

  /** What may not be seen is no fault. */
  private void leastPrivilege() {
    node.apply(
        """
        {apiVersion: v1, kind: ServiceAccount, metadata: {name: visitor, namespace: default}}
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: visitor, namespace: default}
        rules: [{apiGroups: [vdi.kasm.io], resources: [vdisessions], verbs: [get, list]}]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: visitor, namespace: default}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: visitor}
        subjects: [{kind: ServiceAccount, name: visitor, namespace: default}]
        """);
    Path kubeconfig =
        node.cluster()
            .serviceAccountKubeconfig("default", "visitor", folder.resolve("visitor.conf"));
    Report report = DoctorHarness.examine(with(kubeconfig));
    assertEquals(List.of(), report.findings());
    long forbidden =
        report.rows().stream()
            .filter(row ->
                row.answer() instanceof CheckResult.Skipped(String why, _)
                    && why.contains("forbidden"))
            .count();
    assertTrue(forbidden > 15, forbidden + " checks skipped");
  }

  /** Alice examined by whom a kubeconfig names. */
  private DoctorContext with(Path kubeconfig) {
    DoctorContext x = of(ALICE);
    return new DoctorContext(
        Kubeconfig.connect(
            Optional.of(kubeconfig),
            Optional.empty(),
            Optional.of("default"),
            Node.NAMESPACE,
            Map.of()),
        x.session(),
        false,
        false,
        x.router(),
        x.authority(),
        x.clock());
  }

  private DoctorContext of(String session) {
    return ward.examination("default", session);
  }

  private void awaitRunning(String session) {
    await(session)
        .atMost(DoctorHarness.PATIENCE)
        .until(() -> node.phase(session).equals("Running"));
  }

  private interface Step {
    void run() throws Exception;
  }

  private static final Step NOTHING = () -> {};

  /** Produces it, asks, mends it. */
  private DynamicTest fault(KnownCause cause, DoctorContext examination, Step produce, Step mend) {
    return dynamicTest(
        cause.code() + " " + cause.symptom(),
        () -> {
          produce.run();
          try {
            ward.awaitCause(cause, examination);
            named.add(cause);
          } catch (RuntimeException e) {
            DoctorHarness.say(cause.code() + " failed: " + e);
            throw e;
          } finally {
            mend.run();
          }
        });
  }

  /** The same, mended by the very command that the doctor tells. */
  private DynamicTest mendedByCommand(KnownCause cause, DoctorContext examination, Step produce) {
    return dynamicTest(
        cause.code() + " " + cause.symptom() + ", and its remedy",
        () -> {
          produce.run();
          Finding finding = ward.awaitCause(cause, examination);
          named.add(cause);
          DoctorHarness.say(shell.run(finding.command()));
          ward.awaitMended(cause, examination);
          ward.awaitHealth(of(ALICE));
        });
  }

  private Step sh(String command) {
    return () -> shell.run(command);
  }

  private void controlPlane(List<DynamicTest> tests) {
    tests.add(fault(KnownCause.API_UNREACHABLE, withoutApiServer(), NOTHING, NOTHING));
    DoctorContext x = of(ALICE);
    tests.add(
        fault(
            KnownCause.CLOCKS_APART,
            new DoctorContext(
                x.cluster(),
                x.session(),
                false,
                false,
                x.router(),
                x.authority(),
                InstantSource.offset(InstantSource.system(), Duration.ofMinutes(10))),
            NOTHING,
            NOTHING));
    tests.add(
        fault(
            KnownCause.CRDS_OUTDATED,
            x,
            sh(
                "kubectl patch crd vditemplates.vdi.kasm.io --type=json --patch='[{\"op\": \"remove\","
                    + " \"path\": \"/spec/versions/0/schema/openAPIV3Schema/properties/spec"
                    + "/properties/description\"}]'"),
            () -> helmUpgrade()));
    tests.add(
        mendedByCommand(
            KnownCause.SERVICE_STOPPED,
            x,
            sh("kubectl -n vdi-system scale deployment/vdi-reaper --replicas=0")));
    tests.add(
        fault(
            KnownCause.SERVICE_NOT_READY,
            x,
            sh(
                "kubectl -n vdi-system scale deployment/vdi-reaper --replicas=0 && kubectl -n"
                    + " vdi-system set env deployment/vdi-reaper VDI_SWEEP_INTERVAL=nonsense &&"
                    + " kubectl -n vdi-system scale deployment/vdi-reaper --replicas=2"),
            () -> {
              // As its remedy says.
              shell.run("kubectl -n vdi-system rollout undo deployment/vdi-reaper");
              ward.awaitHealth(x);
            }));
    tests.add(
        mendedByCommand(
            KnownCause.NO_LEADER,
            x,
            () ->
                shell.run(
                    "kubectl -n vdi-system patch lease vdi-reaper --type=merge"
                        + " --patch='{\"spec\": {\"holderIdentity\": \"ghost_1\","
                        + " \"leaseDurationSeconds\": 3600, \"renewTime\": \""
                        + Instant.now().toString().replaceAll("\\.\\d+", ".000000")
                        + "\"}}'")));
    tests.add(
        mendedByCommand(
            KnownCause.RIGHTS_MISSING,
            x,
            sh(
                "kubectl patch clusterrole vdi-reaper --type=json --patch='[{\"op\": \"remove\","
                    + " \"path\": \"/rules/3\"}]'")));
    tests.add(
        mendedByCommand(
            KnownCause.WEBHOOK_UNREACHABLE,
            x,
            sh(
                "kubectl -n vdi-system patch service vdi-admission-webhook --type=merge"
                    + " --patch='{\"spec\": {\"selector\":"
                    + " {\"app.kubernetes.io/component\": \"nobody\"}}}'")));
    tests.add(
        fault(
            KnownCause.WEBHOOK_CERTIFICATE,
            x,
            () -> {
              // Under this name it is not known to its certificate.
              node.apply(
                  """
                  apiVersion: v1
                  kind: Service
                  metadata: {name: alias, namespace: vdi-system}
                  spec:
                    selector: {app.kubernetes.io/component: admission-webhook}
                    ports: [{port: 443, targetPort: https}]
                  """);
              renameWebhookService("alias");
            },
            () -> {
              renameWebhookService("vdi-admission-webhook");
              shell.run("kubectl -n vdi-system delete service alias");
              ward.awaitHealth(x);
            }));
    tests.add(
        mendedByCommand(
            KnownCause.WEBHOOK_NOT_REGISTERED,
            x,
            () -> {
              shell.run("kubectl delete " + WEBHOOKS);
              await("bypass")
                  .atMost(DoctorHarness.PATIENCE)
                  .ignoreExceptions()
                  .until(() -> {
                    smuggled();
                    return true;
                  });
            }));
    tests.add(
        fault(
            KnownCause.RECONCILE_ERRORS,
            ward.examination("errors", "errors"),
            () -> {
              node.apply(
                  """
                  apiVersion: admissionregistration.k8s.io/v1
                  kind: ValidatingWebhookConfiguration
                  metadata: {name: nobody}
                  webhooks:
                    - name: nobody.example.com
                      admissionReviewVersions: [v1]
                      sideEffects: None
                      failurePolicy: Fail
                      clientConfig: {url: "https://127.0.0.1:1/"}
                      namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: errors}}
                      rules:
                        - {apiGroups: [""], apiVersions: [v1], resources: [services], operations: [CREATE]}
                  """);
              session("errors", "errors", "gpu", "persistence: {enabled: false}");
            },
            () -> {
              shell.run("kubectl delete validatingwebhookconfiguration nobody");
              ward.awaitHealth(x);
            }));
  }

  private void helmUpgrade() {
    shell.run("helm upgrade vdi-operator charts/vdi-operator -n vdi-system --reuse-values");
    ward.awaitHealth(of(ALICE));
  }

  private void renameWebhookService(String name) {
    for (String kind : List.of("mutating", "validating")) {
      shell.run(
          "kubectl patch "
              + kind
              + "webhookconfiguration vdi-operator --type=json --patch='[{\"op\": \"replace\","
              + " \"path\": \"/webhooks/0/clientConfig/service/name\", \"value\": \""
              + name
              + "\"}]'");
    }
  }

  private DoctorContext withoutApiServer() {
    try {
      Path kubeconfig = folder.resolve("kubeconfig");
      Files.writeString(
          kubeconfig,
          Files.readString(node.cluster().kubeconfig())
              .replaceAll("(server: \"?https://[0-9.]+):\\d+", "$1:1"));
      return with(kubeconfig);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** One session each, that goes on ailing. */
  private void sessionsOwn(List<DynamicTest> tests) {
    Map<String, KnownCause> ailing =
        Map.ofEntries(
            Map.entry("no-template", KnownCause.TEMPLATE_MISSING),
            Map.entry("invalid", KnownCause.TEMPLATE_INVALID),
            Map.entry("foreign", KnownCause.FOREIGN_OBJECT),
            Map.entry("too-big", KnownCause.NO_NODE_FITS),
            Map.entry("no-class", KnownCause.STORAGE_CLASS_MISSING),
            Map.entry("no-volume", KnownCause.VOLUME_NOT_PROVISIONED),
            Map.entry("no-mount", KnownCause.VOLUME_NOT_MOUNTED),
            Map.entry("home", KnownCause.HOME_NOT_WRITABLE),
            Map.entry("no-image", KnownCause.IMAGE_NOT_PULLED),
            Map.entry("crash", KnownCause.DESKTOP_CRASHES),
            Map.entry("silent", KnownCause.SELKIES_SILENT),
            Map.entry("open", KnownCause.DESKTOP_UNPROTECTED));
    ailing.forEach((session, cause) -> tests.add(fault(cause, of(session), NOTHING, NOTHING)));
    for (Map.Entry<String, KnownCause> each :
        Map.of(
                "limited", KnownCause.SESSION_QUOTA,
                "crowded", KnownCause.NAMESPACE_QUOTA,
                "restricted", KnownCause.POD_SECURITY)
            .entrySet()) {
      tests.add(
          fault(each.getValue(), ward.examination(each.getKey(), each.getKey()), NOTHING, NOTHING));
    }
    tests.add(
        dynamicTest(
            "the status of sessions tells the same",
            () -> {
              for (String session : List.of("too-big", "no-image", "crash", "silent", "invalid")) {
                JsonObject status = node.session(session).getAsJsonObject("status");
                String message = status.get("message").getAsString();
                assertTrue(message.endsWith(ailing.get(session).tag()), session + ": " + message);
              }
            }));
    tests.add(
        dynamicTest(
            "a home is not writable, by --probe",
            () -> {
              DoctorContext x = of("home");
              ward.awaitCause(
                  KnownCause.HOME_NOT_WRITABLE,
                  new DoctorContext(
                      x.cluster(), x.session(), false, true, x.router(), x.authority(), x.clock()));
            }));
    tests.add(
        mendedByCommand(
            KnownCause.POD_FAILED,
            of("failed"),
            // A status that is not the kubelet's own, the kubelet may take back.
            sh(
                "kubectl patch pod failed --type=merge --patch='{\"spec\":"
                    + " {\"activeDeadlineSeconds\": 1}}'")));
  }

  private void dataPlane(List<DynamicTest> tests) {
    DoctorContext x = of(ALICE);
    tests.add(
        dynamicTest(
            "VDI301 a desktop that hangs",
            () -> {
              signal("-STOP");
              try {
                ward.awaitCause(KnownCause.SELKIES_SILENT, x);
              } finally {
                signal("-CONT");
                ward.awaitHealth(x);
              }
            }));
    tests.add(
        mendedByCommand(
            KnownCause.PASSWORD_REFUSED,
            x,
            sh(
                "kubectl patch secret vdi-auth-"
                    + ALICE
                    + " --type=merge"
                    + " --patch='{\"stringData\": {\"password\": \"another\"}}'")));
    tests.add(
        mendedByCommand(
            KnownCause.NO_ENDPOINTS,
            x,
            sh(
                "kubectl patch service "
                    + ALICE
                    + " --type=merge --patch='{\"spec\": {\"selector\":"
                    + " {\"app.kubernetes.io/instance\": \"nobody\"}}}'")));
    tests.add(
        mendedByCommand(
            KnownCause.ROUTE_MISSING,
            x,
            patchRoute("/spec/routes/0/match", "\"Host(`bob." + FullCluster.DOMAIN + "`)\"")));
    tests.add(
        mendedByCommand(
            KnownCause.ROUTE_MIDDLEWARE,
            x,
            patchRoute("/spec/routes/0/middlewares", "[{\"name\": \"nowhere\"}]")));
    tests.add(
        fault(
            KnownCause.ROUTE_ENTRY_POINT,
            x,
            patchRoute("/spec/entryPoints", "[\"nowhere\"]"),
            this::freshRoute));
    tests.add(
        fault(
            KnownCause.ROUTE_CERTIFICATE_RESOLVER,
            x,
            patchRoute("/spec/tls", "{\"certResolver\": \"nowhere\"}"),
            this::freshRoute));
    tests.add(
        fault(
            KnownCause.ROUTER_WITHOUT_ROUTE,
            x,
            patchRoute("/spec/routes/0/services/0/name", "\"nowhere\""),
            this::freshRoute));
    tests.add(
        fault(
            KnownCause.WEBSOCKET_BLOCKED,
            x,
            () -> {
              node.apply(
                  """
                  apiVersion: traefik.io/v1alpha1
                  kind: Middleware
                  metadata: {name: no-upgrade, namespace: default}
                  spec: {headers: {customRequestHeaders: {Upgrade: "", Connection: ""}}}
                  """);
              patchRoute("/spec/routes/0/middlewares", "[{\"name\": \"no-upgrade\"}]").run();
            },
            () -> {
              freshRoute();
              shell.run("kubectl delete middlewares.traefik.io no-upgrade");
            }));
    tests.add(
        fault(
            KnownCause.ROUTER_UNREACHABLE,
            new DoctorContext(
                x.cluster(),
                x.session(),
                false,
                false,
                Optional.of("127.0.0.2"),
                x.authority(),
                x.clock()),
            NOTHING,
            NOTHING));
    tests.add(
        fault(
            KnownCause.CERTIFICATE_UNTRUSTED,
            new DoctorContext(
                x.cluster(), x.session(), false, false, x.router(), Optional.empty(), x.clock()),
            NOTHING,
            NOTHING));
    tests.add(dynamicTest("VDI321 by the plugin itself", this::hostNotResolved));
    DoctorContext webrtc = of("webrtc");
    tests.add(
        dynamicTest(
            "a healthy session with WebRTC",
            () -> {
              awaitRunning("webrtc");
              ward.awaitHealth(webrtc);
            }));
    tests.add(
        mendedByCommand(
            KnownCause.TURN_REFUSED,
            webrtc,
            sh(
                "kubectl patch secret vdi-auth-webrtc --type=merge --patch='{\"stringData\":"
                    + " {\"turn-password\": \"forged\"}}'")));
    tests.add(
        fault(
            KnownCause.TURN_UNREACHABLE,
            webrtc,
            () -> relay.kill(),
            () -> {
              startRelay();
              ward.awaitHealth(webrtc);
            }));
  }

  private Step patchRoute(String path, String value) {
    return sh(
        "kubectl patch ingressroute "
            + ALICE
            + " --type=json --patch='[{\"op\": \"add\", \"path\": \""
            + path
            + "\", \"value\": "
            + value
            + "}]'");
  }

  private void freshRoute() {
    shell.run("kubectl delete ingressroute " + ALICE);
    ward.awaitHealth(of(ALICE));
  }

  /** Sends a signal to all processes of alice's pod, as nobody inside could. */
  private void signal(String signal) throws IOException {
    String uid = node.kubectl("get", "pod", ALICE, "-o", "jsonpath={.metadata.uid}");
    try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
      for (Path process :
          processes.filter(p -> p.getFileName().toString().matches("\\d+")).toList()) {
        try {
          String group = Files.readString(process.resolve("cgroup")).replace('_', '-');
          if (group.contains(uid)) {
            shell.run("kill " + signal + " " + process.getFileName());
          }
        } catch (IOException e) {
          // It has just ended.
        }
      }
    }
  }

  /** With a resolver that knows no name, so that none is asked for outside. */
  private void hostNotResolved() {
    String report =
        shell.run(
            "kubectl vdi doctor " + ALICE + " -o json || true",
            Map.of("JDK_JAVA_OPTIONS", "-Djdk.net.hosts.file=/dev/null"));
    JsonObject first =
        KubeGson.gson()
            .fromJson(report, JsonObject.class)
            .getAsJsonArray("findings")
            .get(0)
            .getAsJsonObject();
    assertEquals(KnownCause.HOST_NOT_RESOLVED.code(), first.get("code").getAsString());
    named.add(KnownCause.HOST_NOT_RESOLVED);
  }

  /** Alice has the one GPU there is, until it is sliced. */
  private void gpus(List<DynamicTest> tests) {
    DoctorContext x = of(ALICE);
    DoctorContext sharer = of("sharer");
    tests.add(
        fault(
            KnownCause.GPU_EXHAUSTED,
            sharer,
            () ->
                session(
                    "default",
                    "sharer",
                    "gpu",
                    "persistence: {enabled: false}\n  resources: {gpu: 1}"),
            () -> {
              GpuOperatorAddon.install(node.api());
              // As its remedy says.
              shell.run("gpu/configure_gpu_slicing.sh --replicas 8 --timeout 60");
            }));
    tests.add(
        mendedByCommand(
            KnownCause.SLICING_MAP_MISSING,
            x,
            sh("kubectl -n gpu-operator delete configmap time-slicing-config")));
    tests.add(mendedByCommand(KnownCause.SLICING_NOT_REFERENCED, x, sh(NO_SLICING)));
    tests.add(
        fault(
            KnownCause.SLICING_NOT_IN_EFFECT,
            x,
            () -> {
              // It offers the GPU once, and is not restarted when it should eight times.
              shell.run(NO_SLICING);
              await("one GPU")
                  .atMost(DoctorHarness.PATIENCE)
                  .until(() ->
                      shell
                          .run("kubectl get node node-1 -o jsonpath='{.status.allocatable}'")
                          .contains("\"nvidia.com/gpu\":\"1\""));
              devicePlugin("-STOP");
              shell.run(
                  "kubectl patch clusterpolicies.nvidia.com/cluster-policy --type=merge"
                      + " --patch-file=gpu/cluster-policy-patch.yaml");
            },
            () -> {
              devicePlugin("-CONT");
              ward.awaitHealth(x);
            }));
    tests.add(
        fault(
            KnownCause.GPU_PRODUCT_LABEL,
            x,
            sh("kubectl label node node-1 nvidia.com/gpu.product=Tesla-T4 --overwrite"),
            () -> {
              shell.run(
                  "kubectl label node node-1 nvidia.com/gpu.product=Tesla-T4-SHARED --overwrite");
              ward.awaitHealth(x);
            }));
    tests.add(
        fault(
            KnownCause.DEVICE_NOT_ALLOCATED,
            of("unlucky"),
            () -> {
              shell.run("kubectl label node node-1 vdi.devcluster/broken-gpus=true");
              session(
                  "default",
                  "unlucky",
                  "gpu",
                  "persistence: {enabled: false}\n  resources: {gpu: 1}");
            },
            () -> {
              shell.run("kubectl label node node-1 vdi.devcluster/broken-gpus-");
              // As its remedy says.
              shell.run("kubectl -n default delete pod unlucky");
              await("the pod to live")
                  .atMost(DoctorHarness.PATIENCE)
                  .until(() ->
                      node.kubectl(
                              "get",
                              "pod",
                              "unlucky",
                              "--ignore-not-found",
                              "-o",
                              "jsonpath={.status.phase}")
                          .equals("Running"));
              shell.run("kubectl delete vdi sharer unlucky");
              shell.run("gpu/configure_gpu_slicing.sh --replicas 1 --timeout 60");
              shell.run("kubectl delete crd clusterpolicies.nvidia.com");
              ward.awaitHealth(x);
            }));
  }

  private void devicePlugin(String signal) {
    ProcessHandle.current()
        .descendants()
        .filter(process ->
            process
                .info()
                .command()
                .filter(command -> command.endsWith("/device-plugin"))
                .isPresent())
        .forEach(process -> shell.run("kill " + signal + " " + process.pid()));
  }

  /** What takes more away than a test gives back quickly. */
  private void last(List<DynamicTest> tests) {
    DoctorContext x = of(ALICE);
    tests.add(
        fault(
            KnownCause.ROUTE_KIND_NOT_SERVED,
            x,
            sh("kubectl delete crd ingressroutes.traefik.io"),
            () -> {
              RouterAddon.installCrds(node.cluster());
              shell.run("kubectl -n kube-system rollout restart deployment/traefik");
              ward.awaitHealth(x);
            }));
    tests.add(
        fault(
            KnownCause.NOT_INSTALLED,
            x,
            sh("kubectl -n vdi-system delete deployment vdi-admission-webhook"),
            this::helmUpgrade));
  }
}
