package io.vdi.operator.admission;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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

/** Certificates that live for seconds, and an API server that asks 50 times a second meanwhile. */
@ExtendWith(ClusterExtension.class)
class RotationIT {
  private static final int ROTATIONS = 20;
  private static final int PER_SECOND = 50;

  private final Cluster cluster;
  private final KubeClient api;
  private final String namespace;

  RotationIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.api = api;
    this.namespace = namespace.name();
  }

  @Test
  void noRequestFailsWhileCertificateAndAuthorityAreExchanged() throws InterruptedException {
    // At two thirds of their lives: a new serving certificate after 3.3 s, an authority after 20 s.
    Map<String, String> lives =
        Map.of(
            "VDI_CERTIFICATES_SERVING_LIFE", "5s",
            "VDI_CERTIFICATES_AUTHORITY_LIFE", "30s",
            "VDI_CERTIFICATES_PROPAGATION", "3s");
    try (WebhookFleet fleet = new WebhookFleet(cluster, 2, "{}", lives)) {
      await().atMost(Duration.ofSeconds(20)).until(() -> ask(0).ok().isPresent());
      Set<String> served = ConcurrentHashMap.newKeySet();
      Set<String> authorities = ConcurrentHashMap.newKeySet();
      List<String> failures = new CopyOnWriteArrayList<>();
      AtomicInteger asked = new AtomicInteger();
      AtomicBoolean enough = new AtomicBoolean();
      try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
        Thread asking =
            Thread.ofVirtual()
                .start(() -> {
                  long start = System.nanoTime();
                  for (int i = 1; !enough.get(); i++) {
                    LockSupport.parkNanos(
                        start + i * 1_000_000_000L / PER_SECOND - System.nanoTime());
                    int number = i;
                    threads.execute(() -> {
                      ApiResult<JsonObject> answer = ask(number);
                      asked.incrementAndGet();
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
              authorities.add(data.get("authority.crt").getAsString());
              return served.size() > ROTATIONS;
            });
        enough.set(true);
        // It must not ask for more when those that it has asked for are waited for.
        asking.join();
      }
      assertEquals(List.of(), failures);
      for (int replica : new int[] {0, 1}) {
        // On a busy machine one of these short lives may just be over.
        await()
            .atMost(Duration.ofSeconds(20))
            .until(() -> fleet.replica(replica).status("/observe/health/ready") == 200);
      }
      assertTrue(authorities.size() > 2, authorities.size() + " authorities");
      assertTrue(asked.get() > ROTATIONS * PER_SECOND, asked + " requests");
    }
  }

  private JsonObject secret() {
    return api.request(
            "GET", "/api/v1/namespaces/vdi-system/secrets/vdi-admission-webhook-tls", null)
        .orElseThrow()
        .getAsJsonObject("data");
  }

  private ApiResult<JsonObject> ask(int number) {
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
