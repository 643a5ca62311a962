package io.vdi.operator.bench;

import com.google.gson.JsonObject;
import io.vdi.operator.common.model.DesktopCredentials;
import io.vdi.operator.devcluster.operator.ChartInstaller;
import io.vdi.operator.devcluster.operator.OperatorProcess;
import io.vdi.operator.devcluster.operator.OperatorService;
import io.vdi.operator.devcluster.process.FileTree;
import io.vdi.operator.devcluster.process.LoopbackPorts;
import io.vdi.operator.devcluster.process.Progress;
import io.vdi.operator.devcluster.testing.TcpBalancer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Measures the admission webhook twice: called directly over TLS and compared with a handler that
 * allows everything, and called by the API server and compared with no webhook.
 */
final class AdmissionBench implements AutoCloseable {
  private static final String NAMESPACE = "vdi-system";
  private static final String ACCOUNT = OperatorService.ADMISSION_WEBHOOK.account();
  private static final String CERTIFICATE =
      "/api/v1/namespaces/" + NAMESPACE + "/secrets/vdi-admission-webhook-tls";
  private static final String RESERVATIONS =
      "/api/v1/namespaces/" + NAMESPACE + "/configmaps/vdi-quota-reservations";

  private static final int RATE = 200;
  private static final int CREATES = 20;
  private static final int SECONDS = 20;
  private static final int WARM_UP = 2000;

  /** The limit of p99 for the highest rate, in milliseconds. */
  private static final double HIGHEST_RATE_P99 = 10;

  private static final int HIGHEST_RATE = 1600;

  /** Fewer than the webhook processes concurrently: it must not help itself by refusing them. */
  private static final int FLOOD_CLIENTS = 64;

  private final BenchCluster cluster = new BenchCluster(0);
  private final Path folder = FileTree.temporary("vdi-bench-admission-");
  private final List<Integer> ports = LoopbackPorts.free(3);
  private final TcpBalancer balancer = new TcpBalancer(ports.subList(0, 2));
  private final Path config;

  AdmissionBench() {
    try {
      config = Files.writeString(folder.resolve("config.yaml"), "{}\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Adds the latency of each kind of request. */
  void measure(BenchmarkReport report) {
    Progress.say("measuring: creates through the API server, no webhook");
    creates("before", 5);
    report.add(Measurement.CREATE_WITHOUT_WEBHOOK, creates("no-webhook", SECONDS));
    Path kubeconfig = install();
    try (OperatorProcess one = webhook(kubeconfig, 0);
        OperatorProcess two = webhook(kubeconfig, 1)) {
      one.awaitReady();
      two.awaitReady();
      saveCertificates();
      try (OperatorProcess bare = bareWebhook()) {
        bare.awaitReady();
        direct(report, new AdmissionClient(folder.resolve("ca.crt")));
      }
      ChartInstaller.awaitAdmission(cluster.embedded());
      Progress.say("measuring: creates through the API server, two replicas");
      creates("warm", 5);
      report.add(Measurement.CREATE_WITH_WEBHOOK, creates("webhook", SECONDS));
      configure("quota: {user: {gpus: 1000000}, cluster: {gpus: 1000000}}\n");
      creates("quota-warm", 5);
      report.add(Measurement.CREATE_WITH_QUOTA, creates("quota", SECONDS));
    }
  }

  /** Registers the webhook; returns the kubeconfig of its service account. */
  private Path install() {
    Path kubeconfig =
        cluster
            .embedded()
            .serviceAccountKubeconfig(NAMESPACE, ACCOUNT, folder.resolve("kubeconfig"));
    new ChartInstaller(cluster.embedded(), Path.of("charts/vdi-operator"), NAMESPACE)
        .installWebhook("https://127.0.0.1:" + balancer.port());
    return kubeconfig;
  }

  /**
   * Measures creates with exact quotas before, during and after a flood of hostile reviews, so that
   * a machine that becomes slower meanwhile does not look like an effect of the flood.
   */
  Result.Flood flood() {
    Path kubeconfig = install();
    try (OperatorProcess one = webhook(kubeconfig, 0);
        OperatorProcess two = webhook(kubeconfig, 1)) {
      one.awaitReady();
      two.awaitReady();
      saveCertificates();
      ChartInstaller.awaitAdmission(cluster.embedded());
      configure("quota: {user: {gpus: 1000000}, cluster: {gpus: 1000000}}\n");
      AtomicInteger failed = new AtomicInteger();
      attempts("warm", new ConcurrentLinkedQueue<>(), new AtomicInteger());
      Collection<Long> calm = new ConcurrentLinkedQueue<>();
      attempts("calm-before", calm, failed);
      Collection<Long> flooded = new ConcurrentLinkedQueue<>();
      AtomicInteger failedInFlood = new AtomicInteger();
      Map<String, Long> answers;
      double perSecond;
      try (AdmissionFlood flood =
          new AdmissionFlood(
              folder.resolve("ca.crt"),
              List.of(validate(ports.get(0)), validate(ports.get(1))),
              FLOOD_CLIENTS)) {
        attempts("flooded", flooded, failedInFlood);
        answers = flood.answers();
        perSecond = flood.perSecond();
      }
      attempts("calm-after", calm, failed);
      return new Result.Flood(
          FLOOD_CLIENTS,
          perSecond,
          answers,
          new Result.Latency(CREATES, Quantiles.ofNanos(calm)),
          new Result.Latency(CREATES, Quantiles.ofNanos(flooded)),
          failedInFlood.get(),
          failed.get());
    }
  }

  private static URI validate(int port) {
    return URI.create("https://127.0.0.1:" + port + "/validate");
  }

  /** Creates sessions at the usual rate, and counts those that fail. */
  private void attempts(String prefix, Collection<Long> nanos, AtomicInteger failed) {
    Progress.say("measuring: " + prefix);
    new RequestLoad.PerSecond(CREATES)
        .run(
            CREATES * SECONDS,
            i -> {
              long start = System.nanoTime();
              try {
                BareClient.submit(cluster.admin(), prefix + "-" + i);
              } catch (RuntimeException e) {
                Progress.say(prefix + "-" + i + ": " + e.getMessage());
                failed.incrementAndGet();
              }
              nanos.add(System.nanoTime() - start);
            });
  }

  private void direct(BenchmarkReport report, AdmissionClient client) {
    URI bare = URI.create("https://127.0.0.1:" + ports.get(2) + "/allow");
    URI mutate = URI.create("https://127.0.0.1:" + ports.get(0) + "/mutate");
    URI validate = validate(ports.get(0));
    for (URI target : List.of(bare, mutate, validate)) {
      new RequestLoad.Clients(16).time(WARM_UP, i -> client.review(target, i));
    }
    Progress.say("measuring: the webhook, called directly at " + RATE + "/s");
    report.add(Measurement.BARE_HANDLER, latency(client, bare));
    report.add(Measurement.MUTATE, latency(client, mutate));
    report.add(Measurement.VALIDATE, latency(client, validate));
    report.add("bare handler, highest rate", highestRate(client, bare));
    report.add("validate, highest rate", highestRate(client, validate));
  }

  private static Result.Latency latency(AdmissionClient client, URI target) {
    return new Result.Latency(
        RATE, new RequestLoad.PerSecond(RATE).time(RATE * SECONDS, i -> client.review(target, i)));
  }

  /**
   * Doubles the rate from step to step, and returns the highest one whose p99 is within the limit.
   * It ends at the highest rate that the client, on the same processors, can send.
   */
  private static Result.Latency highestRate(AdmissionClient client, URI target) {
    Result.Latency best = new Result.Latency(0, new Quantiles(0, 0));
    for (int rate = RATE; rate <= HIGHEST_RATE; rate *= 2) {
      Progress.say("measuring: " + target.getPath() + " at " + rate + "/s");
      Quantiles quantiles =
          new RequestLoad.PerSecond(rate).time(rate * 5, i -> client.review(target, i));
      if (quantiles.p99() <= HIGHEST_RATE_P99) {
        best = new Result.Latency(rate, quantiles);
      }
    }
    return best;
  }

  private Result.Latency creates(String prefix, int seconds) {
    return new Result.Latency(
        CREATES,
        new RequestLoad.PerSecond(CREATES)
            .time(CREATES * seconds, i -> BareClient.submit(cluster.admin(), prefix + "-" + i)));
  }

  private OperatorProcess webhook(Path kubeconfig, int replica) {
    Map<String, String> settings = new HashMap<>(OperatorService.webhookAt(ports.get(replica)));
    settings.put("VDI_CONFIG_FILE", config.toString());
    return OperatorProcess.start(
        OperatorService.ADMISSION_WEBHOOK
            .launch(Path.of(""), NAMESPACE, kubeconfig, folder, "webhook-" + replica, settings)
            .withJvm(JvmFlags.of(OperatorService.ADMISSION_WEBHOOK)));
  }

  private OperatorProcess bareWebhook() {
    return OperatorProcess.start(
        OperatorProcess.Launch.of(
            Path.of("bench", "target"),
            BareWebhook.class.getName(),
            folder,
            folder,
            "bare",
            Map.of(
                BareWebhook.FOLDER, folder.toString(),
                BareWebhook.PORT, String.valueOf(ports.get(2))),
            JvmFlags.of(OperatorService.ADMISSION_WEBHOOK)));
  }

  /** Saves the webhook's CA for the client, and its certificate and key for the bare webhook. */
  private void saveCertificates() {
    JsonObject secret = cluster.admin().request("GET", CERTIFICATE, null).orElseThrow();
    try {
      for (String key : List.of("ca.crt", "tls.crt", "tls.key")) {
        Files.writeString(
            folder.resolve(key), DesktopCredentials.decode(secret, key).orElseThrow());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Changes the webhook's configuration; returns when it writes reservations, which quotas need.
   */
  private void configure(String content) {
    try {
      Files.writeString(config, content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Progress.await(
        () -> "the new limits",
        Duration.ofSeconds(30),
        () -> {
          BareClient.submit(cluster.admin(), "probe-" + System.nanoTime());
          return cluster
              .admin()
              .request("GET", RESERVATIONS, null)
              .ok()
              .filter(map -> map.getAsJsonObject("data").size() > 1)
              .isPresent();
        });
  }

  @Override
  public void close() {
    balancer.close();
    cluster.close();
    FileTree.delete(folder);
  }
}
