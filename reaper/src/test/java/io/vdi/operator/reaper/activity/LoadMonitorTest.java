package io.vdi.operator.reaper.activity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpServer;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.testing.FakeApiServer;
import io.vdi.operator.devcluster.cluster.ClusterCertificateAuthority;
import io.vdi.operator.reaper.FakeKubelet;
import io.vdi.operator.reaper.policy.Load;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * One node, asked every 10 ms, with a server that answers as its kubelet. The clock moves one
 * second with each sample.
 */
class LoadMonitorTest {
  private static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");
  private static final Duration INTERVAL = Duration.ofMillis(10);
  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  @TempDir private Path folder;
  private final ClusterCertificateAuthority authority = new ClusterCertificateAuthority("cluster");
  private final FakeApiServer server = FakeApiServer.start();
  private final KubeClient api = server.client();
  private final FakeKubelet kubelet = new FakeKubelet(authority, "127.0.0.1");
  private final ResourceCache<VdiSession> sessions = cache(ResourceType.SESSION);
  private final ResourceCache<VdiTemplate> templates = cache(ResourceType.TEMPLATE);
  private final ResourceCache<Pod> pods = cache(ResourceType.POD);
  private final AtomicInteger answers = new AtomicInteger();
  private final AtomicInteger failures = new AtomicInteger();
  private final List<String> unknown = new CopyOnWriteArrayList<>();
  private final List<SessionKey> changes = new CopyOnWriteArrayList<>();
  private final AtomicInteger samples = new AtomicInteger();
  private volatile Instant now = NOON;
  private volatile double cores;
  private volatile boolean enabled = true;
  private volatile boolean insecure;
  private volatile Path caFile;
  private volatile LoadConfig.GpuConfig gpu = new LoadConfig.GpuConfig("", "", 9400);
  private double used;
  private LoadMonitor monitor;

  private <T extends KubeObject> ResourceCache<T> cache(ResourceType<T> type) {
    return new ResourceCache<>(api, type, "", InstantSource.fixed(NOON), change -> {});
  }

  @BeforeEach
  void start() throws IOException {
    caFile = Files.writeString(folder.resolve("ca.crt"), authority.certificate());
    monitor =
        new LoadMonitor(
            api,
            sessions,
            templates,
            pods,
            () ->
                new LoadConfig(
                    enabled,
                    INTERVAL,
                    TIMEOUT,
                    2,
                    new LoadConfig.KubeletConfig("vdi-system", "metrics", caFile, insecure),
                    gpu),
            new LoadMonitor.Listener() {
              @Override
              public void scraped(LoadMonitor.Source source, boolean answered) {
                (answered ? answers : failures).incrementAndGet();
              }

              @Override
              public void loadUnknown(VdiSession session, String reason) {
                unknown.add(reason);
              }

              @Override
              public void loadChanged(SessionKey session) {
                changes.add(session);
              }
            },
            () -> now);
    server.respond(
        request -> request.path().endsWith("/token"),
        201,
        "{\"status\": {\"token\": \"metrics\"}}");
    kubelet.serve(this::page);
    node("worker", kubelet.port());
    template("{\"cpuAbove\": \"500m\"}");
    session("\"idleTimeout\": \"30m\"");
    pod("worker", "");
    monitor.start();
  }

  @AfterEach
  void close() {
    monitor.close();
    List.of(sessions, templates, pods).forEach(ResourceCache::close);
    kubelet.close();
    api.close();
    server.close();
  }

  private synchronized String page() {
    now = now.plusSeconds(1);
    samples.incrementAndGet();
    used += cores;
    return FakeKubelet.cpuTime("ns", "desk", used, now.toEpochMilli());
  }

  @Test
  void aDesktopThatUsesMoreThanTheLimitIsBusyAndOneThatUsesLessIsQuiet() {
    cores = 0.6;
    awaitLoad(Load.Busy.class);
    assertThat(kubelet.tokens()).as("not the token of the reaper").containsOnly("metrics");
    cores = 0.4;
    awaitLoad(Load.Quiet.class);
    assertThat(changes).as("queued for a decision").contains(new SessionKey("ns", "desk"));
    assertThat(unknown).isEmpty();
    assertThat(server.requests(request -> request.path().endsWith("/token")))
        .as("a token is used again")
        .hasSize(1);
  }

  @Test
  void sessionsWithoutBusyOrWithoutIdleTimeoutAreNotMeasured() {
    template("{}");
    assertThat(load()).isEqualTo(new Load.NotMeasured());
    template("{\"cpuAbove\": \"500m\"}");
    session("\"timeout\": \"8h\"");
    assertThat(load()).isEqualTo(new Load.NotMeasured());
    assertThat(samples).hasValue(0);
  }

  @Test
  void aKubeletThatRefusesIsReportedOnceAndTheLoadIsUnknown() {
    kubelet.answer(403);
    load();
    awaitReport();
    assertThat(load()).isInstanceOf(Load.Unknown.class);
    int before = failures.get();
    await().until(() -> failures.get() > before + 1);
    assertThat(unknown).containsExactly("the kubelet of node worker: HTTP status 403");
    assertThat(monitor.unknown()).isEqualTo(1);
    kubelet.answer(200);
    awaitLoad(Load.Quiet.class);
    await().until(() -> monitor.unknown() == 0);
  }

  @Test
  void dataOfAKubeletThatStopsAnsweringBecomesOld() {
    awaitLoad(Load.Quiet.class);
    // From now on only the test moves the clock.
    kubelet.serve(() -> FakeKubelet.cpuTime("ns", "desk", 0, now.toEpochMilli()));
    int before = answers.get();
    await().until(() -> answers.get() > before + 1);
    kubelet.close();
    await().until(() -> failures.get() > 0);
    assertThat(load()).as("a short gap").isInstanceOf(Load.Quiet.class);
    now = now.plus(TIMEOUT).plus(INTERVAL.multipliedBy(2)).plusSeconds(1);
    assertThat(load())
        .isInstanceOfSatisfying(
            Load.Unknown.class,
            load -> assertThat(load.reason()).startsWith("the last sample is 6 s old"));
  }

  @Test
  void aPodThatTheKubeletDoesNotKnowHasAnUnknownLoad() {
    kubelet.serve(() -> FakeKubelet.cpuTime("ns", "other", 1, now.toEpochMilli()));
    load();
    awaitReport();
    assertThat(unknown).containsExactly("the kubelet reports no CPU usage of the pod");
  }

  @Test
  @DisplayName("a certificate of another CA is refused, unless insecureSkipTLSVerify is set")
  void unknownCertificate() throws IOException {
    String other = new ClusterCertificateAuthority("other").certificate();
    caFile = Files.writeString(folder.resolve("other.crt"), other);
    load();
    awaitReport();
    assertThat(unknown.getFirst())
        .startsWith("the kubelet of node worker: cannot verify its certificate");
    assertThat(kubelet.tokens()).as("no token for a server that is not verified").isEmpty();
    insecure = true;
    awaitLoad(Load.Quiet.class);
  }

  @Test
  void aMeasurementThatIsNotEnabledIsReported() {
    enabled = false;
    load();
    awaitReport();
    assertThat(unknown).containsExactly("the setting busy.enabled of the reaper is false");
    assertThat(samples).hasValue(0);
  }

  @Test
  void aNodeThatDoesNotAnswerDoesNotDelayAnother() {
    CountDownLatch end = new CountDownLatch(1);
    try (FakeKubelet slow = new FakeKubelet(authority, "127.0.0.1")) {
      slow.serve(() -> {
        try {
          end.await();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
        return "";
      });
      node("slow", slow.port());
      session("other", "\"idleTimeout\": \"30m\"");
      pod("other", "slow", "");
      assertThat(load("other")).isInstanceOf(Load.Unknown.class);
      await().until(() -> !slow.tokens().isEmpty());
      awaitLoad(Load.Quiet.class);
      assertThat(load("other")).isInstanceOf(Load.Unknown.class);
      end.countDown();
    }
  }

  @Test
  void aSessionThatIsNotRunningIsNotMeasuredAnyMore() {
    awaitLoad(Load.Quiet.class);
    session("desk", "\"idleTimeout\": \"30m\", \"suspended\": true");
    AtomicInteger before = new AtomicInteger();
    await("no more samples in ten intervals")
        .pollInterval(INTERVAL.multipliedBy(10))
        .until(() -> before.getAndSet(samples.get()) == samples.get());
  }

  @Test
  @DisplayName("the GPU with the highest utilization counts")
  void gpu() throws IOException {
    HttpServer exporter =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    AtomicInteger percent = new AtomicInteger(90);
    exporter.createContext(
        "/metrics",
        exchange -> {
          byte[] body =
              """
              DCGM_FI_DEV_GPU_UTIL{gpu="0",container="selkies",namespace="ns",pod="desk"} 3
              DCGM_FI_DEV_GPU_UTIL{gpu="1",container="selkies",namespace="ns",pod="desk"} %d
              DCGM_FI_DEV_GPU_UTIL{gpu="2",container="selkies",namespace="ns",pod="other"} 100
              """
                  .formatted(percent.get())
                  .getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    exporter.start();
    try {
      add(
          ResourceType.POD,
          """
          {"metadata": {"name": "dcgm", "namespace": "gpu-operator", "labels": {"app": "dcgm"}},
           "spec": {"nodeName": "worker"}, "status": {"podIP": "127.0.0.1"}}
          """);
      gpu = new LoadConfig.GpuConfig("gpu-operator", "app=dcgm", exporter.getAddress().getPort());
      template("{\"gpuAbove\": 20}");
      assertThat(load()).as("without a GPU").isEqualTo(new Load.NotMeasured());
      pod("worker", "\"nvidia.com/gpu\": \"2\"");
      awaitLoad(Load.Busy.class);
      percent.set(20);
      awaitLoad(Load.Quiet.class);
      assertThat(samples).as("samples of the kubelet").hasValue(0);
    } finally {
      exporter.stop(0);
    }
  }

  @Test
  void theUtilizationOfAGpuIsUnknownWithoutAnExporter() {
    template("{\"gpuAbove\": 20}");
    pod("worker", "\"nvidia.com/gpu\": \"1\"");
    load();
    await().until(() -> failures.get() > 0);
    assertThat(load())
        .isEqualTo(
            new Load.Unknown(
                "the DCGM exporter of node worker: the setting busy.gpu.selector names no DCGM exporter"));
  }

  private Load load() {
    return load("desk");
  }

  private Load load(String session) {
    return monitor.of(sessions.get("ns", session).orElseThrow());
  }

  private void awaitLoad(Class<? extends Load> kind) {
    await().until(this::load, kind::isInstance);
  }

  /** A load that is unknown for longer than the maximum age of a sample is reported. */
  private void awaitReport() {
    await()
        .until(() -> {
          now = now.plusSeconds(1);
          return !unknown.isEmpty();
        });
  }

  private <T extends KubeObject> T add(ResourceType<T> type, String json) {
    JsonObject object = JsonParser.parseString(json).getAsJsonObject();
    JsonObject metadata = object.getAsJsonObject("metadata");
    metadata.addProperty("uid", "uid-" + metadata.get("name").getAsString());
    return KubeGson.gson().fromJson(server.put(type, object.toString()), type.objectClass());
  }

  private void node(String name, int port) {
    add(
        ResourceType.NODE,
        """
        {"metadata": {"name": "%s"}, "status": {
          "addresses": [{"type": "Hostname", "address": "%s"},
                        {"type": "InternalIP", "address": "127.0.0.1"}],
          "daemonEndpoints": {"kubeletEndpoint": {"Port": %d}}}}
        """
            .formatted(name, name, port));
  }

  private void template(String busy) {
    templates.created(
        add(
            ResourceType.TEMPLATE,
            "{\"metadata\": {\"name\": \"ubuntu\"}, \"spec\": {\"busy\": %s}}".formatted(busy)));
  }

  private void session(String spec) {
    session("desk", spec);
  }

  private void session(String name, String spec) {
    sessions.created(
        add(
            ResourceType.SESSION,
            """
            {"metadata": {"name": "%s", "namespace": "ns"},
             "spec": {"user": "alice@example.com", "template": "ubuntu", %s},
             "status": {"phase": "Running", "startTime": "2026-03-01T12:00:00Z"}}
            """
                .formatted(name, spec)));
  }

  private void pod(String node, String limits) {
    pod("desk", node, limits);
  }

  private void pod(String name, String node, String limits) {
    pods.created(
        add(
            ResourceType.POD,
            """
            {"metadata": {"name": "%1$s", "namespace": "ns", "ownerReferences": [
               {"apiVersion": "vdi.kasm.io/v1alpha1", "kind": "VDISession", "name": "%1$s",
                "uid": "uid-%1$s", "controller": true}]},
             "spec": {"nodeName": "%2$s",
                      "containers": [{"name": "selkies", "resources": {"limits": {%3$s}}}]}}
            """
                .formatted(name, node, limits)));
  }
}
