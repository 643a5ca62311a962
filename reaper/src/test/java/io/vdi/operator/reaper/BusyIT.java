package io.vdi.operator.reaper;

import static io.vdi.operator.reaper.TestReaper.REAPER;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.ClusterCertificateAuthority;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.operator.Helm;
import io.vdi.operator.devcluster.operator.OperatorService;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.testing.RunningService;
import io.vdi.operator.devcluster.testing.ServiceUnderTest;
import io.vdi.operator.devcluster.testing.SessionFixture;
import io.vdi.operator.devcluster.testing.TestTemplates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Desktops without a client and with a load, on a node whose kubelet is a {@link FakeKubelet}. The
 * permissions are those of the chart, and the token comes from the API server.
 */
@ExtendWith(ClusterExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BusyIT {
  private static final String ADDRESS = "127.0.2.1";
  private static final String NODE = "busy-node";

  private final Cluster cluster;
  private final KubeClient api;
  private final TestNamespace namespace;
  private final ClusterCertificateAuthority authority = new ClusterCertificateAuthority("kubelets");
  private final FakeKubelet kubelet = new FakeKubelet(authority, ADDRESS);
  private FakeSelkies selkies;
  private RunningService reaper;

  BusyIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.api = api;
    this.namespace = namespace.withPatience(TestReaper.PATIENCE);
  }

  @BeforeAll
  void start(@TempDir Path folder) throws IOException {
    TestReaper.install(cluster);
    Manifests.apply(
        api,
        Helm.offline()
            .template(
                ServiceUnderTest.CHART,
                OperatorService.NAMESPACE,
                "--show-only=templates/reaper-load.yaml",
                "--set=config.reaper.busy.enabled=true"));
    selkies = new FakeSelkies(ADDRESS, 0, "secret");
    TestTemplates.apply(
        api,
        "render",
        "port: %d, idleTimeout: 8s, busy: {cpuAbove: 500m}".formatted(selkies.port()));
    Path ca = Files.writeString(folder.resolve("ca.crt"), authority.certificate());
    reaper =
        REAPER
            .withConfigFile(
                TestReaper.WITHOUT_SWEEPS
                    + "activity: {interval: 1s, timeout: 2s}\n"
                    + "busy: {enabled: true, interval: 1s, kubelet: {caFile: %s}}\n".formatted(ca))
            .start(cluster);
    node();
  }

  @AfterAll
  void stop() {
    reaper.close();
    selkies.close();
    kubelet.close();
    api.request("DELETE", ResourceType.NODE.path("", NODE), null);
  }

  /** Cordoned, so that the scheduler places no pod of another test on it. */
  private void node() {
    Manifests.apply(
        api,
        "{apiVersion: v1, kind: Node, metadata: {name: %s}, spec: {unschedulable: true}}"
            .formatted(NODE));
    JsonObject patch =
        Manifests.parse(
                """
                status:
                  addresses: [{type: InternalIP, address: %s}]
                  daemonEndpoints: {kubeletEndpoint: {Port: %d}}
                """
                    .formatted(ADDRESS, kubelet.port()))
            .getFirst();
    api.mergePatchStatus(ResourceType.NODE, "", NODE, patch).orElseThrow();
  }

  @Test
  void aBusyDesktopStaysAndIsSuspendedAfterItsWork() {
    SessionFixture session = create("render");
    Instant started = Instant.now();
    cpu("render", 2);
    session.awaitUntil(
        "longer than three idle timeouts", s -> Instant.now().isAfter(started.plusSeconds(24)));
    assertThat(session.get().spec().suspended()).isFalse();
    assertThat(
            api.get(ResourceType.POD, namespace.name(), "render")
                .orElseThrow()
                .metadata()
                .annotations())
        .as("its node is protected while it is busy")
        .containsEntry(Annotations.DO_NOT_DISRUPT, "true");
    cpu("render", 0.1);
    session.awaitUntil("spec.suspended", s -> s.spec().suspended());
    session.awaitEvent("SessionSuspended");
    assertThat(session.countEvents("LoadUnknown")).isZero();
    assertThat(kubelet.tokens()).isNotEmpty();
  }

  @Test
  void aDesktopWhoseKubeletReportsNothingStaysAndHasOneEvent() {
    SessionFixture session = create("silent");
    session.awaitEvent("LoadUnknown");
    session.expectExists();
    assertThat(session.get().spec().suspended()).isFalse();
    assertThat(session.countEvents("LoadUnknown")).isEqualTo(1);
  }

  /** Sets the usage of one desktop; the kubelet reports no others. */
  private void cpu(String session, double cores) {
    kubelet.serve(() -> {
      long now = System.currentTimeMillis();
      return FakeKubelet.cpuTime(namespace.name(), session, cores * (now % 10_000_000) / 1000, now);
    });
  }

  private SessionFixture create(String name) {
    SessionFixture session = namespace.session(name).create("template: render");
    session.createChild(ResourceType.SECRET);
    session
        .newChild(ResourceType.POD)
        .ownedBySession()
        .spec("nodeName", new JsonPrimitive(NODE))
        .spec("schedulingGates", JsonNull.INSTANCE)
        .create();
    session.setPodStatus(
        "{\"phase\": \"Running\", \"podIP\": \"%1$s\", \"podIPs\": [{\"ip\": \"%1$s\"}]}"
            .formatted(ADDRESS));
    session.setRunning(Instant.now());
    return session;
  }
}
