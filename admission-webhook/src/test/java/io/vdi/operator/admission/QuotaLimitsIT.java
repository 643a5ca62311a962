package io.vdi.operator.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A limit of 50 sessions, two replicas and 64 concurrent clients. An independent watch counts the
 * sessions. There is no controller, so a session exists from its POST to its DELETE.
 */
@ExtendWith(ClusterExtension.class)
class QuotaLimitsIT {
  private static final int LIMIT = 50;
  private static final int CLIENTS = 64;
  private static final int CREATES = 300;

  private static WebhookFleet fleet;

  private final KubeClient api;
  private final String namespace;
  private final AtomicInteger live = new AtomicInteger();
  private final AtomicInteger maximum = new AtomicInteger();
  private ResourceCache<VdiSession> watch;

  QuotaLimitsIT(KubeClient api, TestNamespace namespace) {
    this.api = api;
    this.namespace = namespace.name();
  }

  @BeforeAll
  static void start(Cluster cluster, KubeClient api) {
    fleet = new WebhookFleet(cluster, 2, "quota: {namespace: {sessions: " + LIMIT + "}}", Map.of());
    WebhookFleet.createTemplate(api, "quota");
  }

  @AfterAll
  static void stop() {
    fleet.close();
  }

  @BeforeEach
  void count() {
    watch =
        new ResourceCache<>(api, ResourceType.SESSION, "", InstantSource.system(), this::counted);
    watch.start();
    await().until(watch::isSynced);
  }

  @AfterEach
  void clear() {
    sessions().forEach(this::delete);
    await().atMost(Duration.ofSeconds(30)).until(() -> live.get() == 0);
    watch.close();
  }

  @Test
  void exactlyTheLimitIsAdmitted() {
    AtomicInteger admitted = new AtomicInteger();
    AtomicInteger denied = new AtomicInteger();
    ConcurrentClients.run(
        CLIENTS,
        CREATES,
        i -> {
          ApiResult<VdiSession> result = create("burst-" + i);
          (result.ok().isPresent() ? admitted : denied).incrementAndGet();
          result
              .failure()
              .ifPresent(why ->
                  assertThat(why.message())
                      .contains(
                          "Session quota exceeded for namespace %s: used 50, requested 1, limit 50"
                              .formatted(namespace)));
        });
    assertThat(admitted.get()).as("admitted").isEqualTo(LIMIT);
    assertThat(denied.get()).as("denied").isEqualTo(CREATES - LIMIT);
    assertThat(sessions()).hasSize(LIMIT);
    assertThat(maximum.get()).as("sessions at one moment").isEqualTo(LIMIT);
  }

  @Test
  void theLimitHoldsWithDeletionsDryRunsGeneratedNamesAndAWrongClock() {
    try (SkewedReplica skewed = fleet.skew(1, Duration.ofSeconds(30))) {
      assertThat(skewed.isReady()).isTrue();
      ConcurrentClients.run(
          CLIENTS,
          CREATES,
          i -> {
            Random random = new Random(i);
            switch (random.nextInt(4)) {
              case 0 ->
                  sessions().stream().skip(random.nextInt(5)).findFirst().ifPresent(this::delete);
              case 1 -> submit("{generateName: generated-}", "?dryRun=All");
              case 2 -> submit("{generateName: generated-}", "");
              default -> create("mixed-" + i);
            }
          });
      fill();
    } finally {
      fleet.restart(1);
    }
  }

  @Test
  void theLimitHoldsWithKilledReplicasAndAnotherWebhookThatDenies() throws InterruptedException {
    try (RefusingWebhook third = new RefusingWebhook(api, 3)) {
      AtomicInteger done = new AtomicInteger();
      Thread killer =
          Thread.ofVirtual()
              .start(() -> {
                for (int round = 0; round < 4; round++) {
                  int next = (round + 1) * CREATES / 6;
                  await().atMost(Duration.ofSeconds(60)).until(() -> done.get() >= next);
                  fleet.kill(round % 2);
                  fleet.restart(round % 2);
                }
              });
      ConcurrentClients.run(
          CLIENTS,
          CREATES,
          i -> {
            create("killed-" + i);
            if (i % 5 == 0) {
              sessions().stream().findFirst().ifPresent(this::delete);
            }
            done.incrementAndGet();
          });
      killer.join();
      assertThat(third.denied()).isPositive();
    }
    fill();
  }

  /** Exactly the limit can be reached once reservations of failed requests have expired. */
  private void fill() {
    assertLimitHeld();
    AtomicInteger name = new AtomicInteger();
    await()
        .atMost(Duration.ofSeconds(100))
        .pollInterval(Duration.ofSeconds(1))
        .until(() -> {
          while (create("fill-" + name.incrementAndGet()).ok().isPresent()) {
            assertLimitHeld();
          }
          return sessions().size() == LIMIT;
        });
    assertThat(maximum.get()).as("sessions at one moment").isEqualTo(LIMIT);
  }

  private void assertLimitHeld() {
    assertThat(maximum.get()).as("sessions at one moment").isLessThanOrEqualTo(LIMIT);
  }

  private void counted(ResourceCache.Change<VdiSession> change) {
    if (change.object().namespace().equals(namespace)) {
      if (change.before().isEmpty()) {
        maximum.accumulateAndGet(live.incrementAndGet(), Math::max);
      } else if (change.now().isEmpty()) {
        live.decrementAndGet();
      }
    }
  }

  private ApiResult<VdiSession> create(String name) {
    return api.create(ResourceType.SESSION, namespace, object("{name: " + name + "}"));
  }

  private void submit(String metadata, String query) {
    api.request(
        "POST",
        "/apis/vdi.kasm.io/v1alpha1/namespaces/" + namespace + "/vdisessions" + query,
        object(metadata));
  }

  private static JsonObject object(String metadata) {
    return Manifests.parse(
            """
            apiVersion: vdi.kasm.io/v1alpha1
            kind: VDISession
            metadata: %s
            spec: {user: alice@example.com, template: quota}
            """
                .formatted(metadata))
        .getFirst();
  }

  private List<VdiSession> sessions() {
    return api.list(ResourceType.SESSION, namespace, "").orElseThrow().items();
  }

  private void delete(VdiSession session) {
    api.delete(ResourceType.SESSION, namespace, session.name(), session.uid());
  }
}
