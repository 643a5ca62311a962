package io.vdi.operator.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Certificates with a lifetime of seconds, under 25 requests per second of an API server. */
@ExtendWith(ClusterExtension.class)
class RotationIT {
  private static final int ROTATIONS = 8;
  private static final int PER_SECOND = 25;

  private final Cluster cluster;
  private final KubeClient api;
  private final String namespace;

  RotationIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.api = api;
    this.namespace = namespace.name();
  }

  @Test
  void noRequestFailsWhileCertificateAndCaAreReplaced() throws InterruptedException {
    // After two thirds of their lifetimes: a new serving certificate after 8 s, a CA after 24 s.
    // On a busy machine, the third that remains must be enough to renew.
    Map<String, String> lifetimes =
        Map.of(
            "vdiConfig_CERTIFICATES_LEAF_DURATION", "12s",
            "vdiConfig_CERTIFICATES_CA_DURATION", "36s",
            "vdiConfig_CERTIFICATES_PROPAGATION", "3s");
    try (WebhookFleet fleet = new WebhookFleet(cluster, 2, "{}", lifetimes)) {
      await().atMost(Duration.ofSeconds(20)).until(() -> request(0).ok().isPresent());
      Set<String> served = ConcurrentHashMap.newKeySet();
      Set<String> cas = ConcurrentHashMap.newKeySet();
      List<String> failures = new CopyOnWriteArrayList<>();
      AtomicInteger answered = new AtomicInteger();
      AtomicBoolean done = new AtomicBoolean();
      try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
        Thread client =
            Thread.ofVirtual()
                .start(() -> {
                  long start = System.nanoTime();
                  for (int i = 1; !done.get(); i++) {
                    LockSupport.parkNanos(
                        start + i * 1_000_000_000L / PER_SECOND - System.nanoTime());
                    int number = i;
                    threads.execute(() -> {
                      ApiResult<JsonObject> answer = request(number);
                      answered.incrementAndGet();
                      answer.failure().ifPresent(why -> failures.add(why.message()));
                    });
                  }
                });
        await()
            .atMost(Duration.ofMinutes(4))
            .pollInterval(Duration.ofMillis(500))
            .until(() -> {
              JsonObject data = secret();
              served.add(data.get("tls.crt").getAsString());
              cas.add(data.get("authority.crt").getAsString());
              return served.size() > ROTATIONS && cas.size() > 2;
            });
        done.set(true);
        // The client must be done before the executor waits for its requests.
        client.join();
      }
      assertThat(failures).isEmpty();
      for (int replica : new int[] {0, 1}) {
        // On a busy machine a certificate may have expired for a moment.
        await()
            .atMost(Duration.ofSeconds(20))
            .until(() -> fleet.replica(replica).status("/observe/health/ready") == 200);
      }
      assertThat(cas).hasSizeGreaterThan(2);
      assertThat(answered.get()).as("requests").isGreaterThan(ROTATIONS * PER_SECOND);
    }
  }

  private JsonObject secret() {
    return api.request(
            "GET", "/api/v1/namespaces/vdi-system/secrets/vdi-admission-webhook-tls", null)
        .orElseThrow()
        .getAsJsonObject("data");
  }

  private ApiResult<JsonObject> request(int number) {
    return api.request(
        "POST",
        "/apis/vdi.kasm.io/v1alpha1/vditemplates?dryRun=All",
        Manifests.parse(
                "{apiVersion: vdi.kasm.io/v1alpha1, kind: VDITemplate, metadata: {name: %s-%d},"
                        .formatted(namespace, number)
                    + " spec: {image: desktop}}")
            .getFirst());
  }
}
