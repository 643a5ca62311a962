package io.vdi.operator.bench;

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
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.IntConsumer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * The admission webhook: asked directly over TLS beside a handler that only allows, and through the
 * API server beside one that asks nobody.
 */
final class AdmissionBench implements AutoCloseable {
  private static final String NAMESPACE = "vdi-system";
  private static final String ACCOUNT = OperatorService.ADMISSION_WEBHOOK.account();
  private static final int RATE = 200;
  private static final int CREATES = 20;
  private static final int SECONDS = 20;
  private static final int WARM_UP = 2000;
  private static final double P99_MILLIS = 10;
  private static final int MOST = 1600;

  private final BenchCluster lab = new BenchCluster(0);
  private final Path folder;
  private final List<String> jvm;
  private final List<Integer> ports = LoopbackPorts.free(3);
  private final TcpBalancer balancer = new TcpBalancer(ports.subList(0, 2));
  private final Path config;
  private HttpClient client;

  AdmissionBench(List<String> jvm) {
    this.jvm = jvm;
    try {
      folder = Files.createTempDirectory("vdi-bench-admission-");
      config = Files.writeString(folder.resolve("config.yaml"), "{}\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All figures, by what was asked. */
  void measure(BenchmarkReport report) {
    Progress.say("measuring: creates through the API server, no webhook");
    creates("before", 5);
    report.add("create, no webhook", creates("none", SECONDS));
    Path kubeconfig =
        lab.cluster().serviceAccountKubeconfig(NAMESPACE, ACCOUNT, folder.resolve("kubeconfig"));
    new ChartInstaller(lab.cluster(), Path.of("charts/vdi-operator"), NAMESPACE)
        .installWebhook("https://127.0.0.1:" + balancer.port());
    try (OperatorProcess one = webhook(kubeconfig, 0);
        OperatorProcess two = webhook(kubeconfig, 1)) {
      one.awaitReady();
      two.awaitReady();
      trust();
      try (OperatorProcess bare = bare()) {
        bare.awaitReady();
        directly(report);
      }
      ChartInstaller.awaitAdmission(lab.cluster());
      Progress.say("measuring: creates through the API server, two replicas");
      creates("warm", 5);
      report.add("create, webhook", creates("asked", SECONDS));
      configure("quota: {user: {gpus: 1000000}, cluster: {gpus: 1000000}}\n");
      creates("limited-warm", 5);
      report.add("create, exact quota", creates("limited", SECONDS));
    }
  }

  private void directly(BenchmarkReport report) {
    URI bare = URI.create("https://127.0.0.1:" + ports.get(2) + "/allow");
    URI mutate = URI.create("https://127.0.0.1:" + ports.get(0) + "/mutate");
    URI validate = URI.create("https://127.0.0.1:" + ports.get(0) + "/validate");
    for (URI target : List.of(bare, mutate, validate)) {
      run(WARM_UP, new Load.Clients(16), i -> post(target, i));
    }
    Progress.say("measuring: the webhook, asked directly at " + RATE + "/s");
    report.add("bare handler", direct(bare, RATE));
    report.add("mutate", direct(mutate, RATE));
    report.add("validate", direct(validate, RATE));
    report.add("bare handler, most", most(bare));
    report.add("validate, most", most(validate));
  }

  private Result.Latency direct(URI target, int rate) {
    return new Result.Latency(
        rate, run(rate * SECONDS, new Load.PerSecond(rate), i -> post(target, i)));
  }

  /**
   * The most requests a second, doubled from step to step, at which the tail is still short; the
   * client, on the same processors, ends before the webhook does.
   */
  private Result.Latency most(URI target) {
    Result.Latency best = new Result.Latency(0, new Quantiles(0, 0));
    for (int rate = RATE; rate <= MOST; rate *= 2) {
      int perSecond = rate;
      Progress.say("measuring: " + target.getPath() + " at " + rate + "/s");
      Quantiles quantiles = run(perSecond * 5, new Load.PerSecond(perSecond), i -> post(target, i));
      if (quantiles.p99() <= P99_MILLIS) {
        best = new Result.Latency(perSecond, quantiles);
      }
    }
    return best;
  }

  private Result.Latency creates(String prefix, int seconds) {
    return new Result.Latency(
        CREATES,
        run(
            CREATES * seconds,
            new Load.PerSecond(CREATES),
            i -> BareClient.submit(lab.admin(), prefix + "-" + i)));
  }

  private static Quantiles run(int count, Load load, IntConsumer call) {
    Collection<Long> nanos = new ConcurrentLinkedQueue<>();
    load.run(
        count,
        i -> {
          long start = System.nanoTime();
          call.accept(i);
          nanos.add(System.nanoTime() - start);
        });
    return Quantiles.ofNanos(nanos);
  }

  private void post(URI target, int number) {
    HttpRequest request =
        HttpRequest.newBuilder(target)
            .header("Content-Type", "application/json")
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    """
                    {"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"%1$d",
                    "kind":{"group":"vdi.kasm.io","version":"v1alpha1","kind":"VDISession"},
                    "operation":"CREATE","namespace":"bench","name":"s-%1$d",
                    "userInfo":{"username":"admin","groups":["system:masters"]},
                    "object":{"apiVersion":"vdi.kasm.io/v1alpha1","kind":"VDISession",
                    "metadata":{"name":"s-%1$d","namespace":"bench"},
                    "spec":{"user":"user-%1$d@example.com","template":"bench"}}}}\
                    """
                        .formatted(number)))
            .build();
    try {
      HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() != 200 || !response.body().contains("\"allowed\":true")) {
        throw new IllegalStateException(response.statusCode() + " " + response.body());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private OperatorProcess webhook(Path kubeconfig, int replica) {
    Map<String, String> settings = new HashMap<>(OperatorService.webhookAt(ports.get(replica)));
    settings.put("VDI_CONFIG_FILE", config.toString());
    return OperatorProcess.start(
        OperatorService.ADMISSION_WEBHOOK.launch(
            Path.of(""), NAMESPACE, kubeconfig, folder, "webhook-" + replica, settings, jvm));
  }

  private OperatorProcess bare() {
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
            jvm));
  }

  /** Takes the webhook's authority for the client, and its certificate for the bare handler. */
  private void trust() {
    try {
      for (String file : List.of("ca.crt", "tls.crt", "tls.key")) {
        Files.writeString(folder.resolve(file), secret(file));
      }
      KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
      trusted.load(null, null);
      trusted.setCertificateEntry(
          "ca",
          CertificateFactory.getInstance("X.509")
              .generateCertificate(Files.newInputStream(folder.resolve("ca.crt"))));
      TrustManagerFactory managers =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      managers.init(trusted);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, managers.getTrustManagers(), null);
      client =
          HttpClient.newBuilder().sslContext(context).version(HttpClient.Version.HTTP_1_1).build();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private String secret(String key) {
    String text =
        lab.admin()
            .request(
                "GET",
                "/api/v1/namespaces/" + NAMESPACE + "/secrets/vdi-admission-webhook-tls",
                null)
            .orElseThrow()
            .getAsJsonObject("data")
            .get(key)
            .getAsString();
    return new String(Base64.getDecoder().decode(text), StandardCharsets.UTF_8);
  }

  private void configure(String content) {
    try {
      Files.writeString(config, content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    // Shown by what it writes from now on.
    Progress.await(
        () -> "the new limits",
        Duration.ofSeconds(30),
        () -> {
          BareClient.submit(lab.admin(), "probe-" + System.nanoTime());
          return lab.admin()
              .request(
                  "GET",
                  "/api/v1/namespaces/" + NAMESPACE + "/configmaps/vdi-quota-reservations",
                  null)
              .ok()
              .filter(map -> map.getAsJsonObject("data").size() > 1)
              .isPresent();
        });
  }

  @Override
  public void close() {
    balancer.close();
    lab.close();
    FileTree.delete(folder);
  }
}
