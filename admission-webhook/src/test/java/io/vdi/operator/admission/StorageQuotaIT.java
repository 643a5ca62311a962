package io.vdi.operator.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonParser;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A limit of 50Gi for each user, two replicas and 32 concurrent clients. The test makes and keeps
 * the claims, as the controller does; they are never deleted during a test, so that their number
 * shows every home that was ever too much.
 */
@ExtendWith(ClusterExtension.class)
class StorageQuotaIT {
  private static final int LIMIT = 50;
  private static final int CLIENTS = 32;

  private static WebhookFleet fleet;

  private final KubeClient api;
  private final String namespace;

  StorageQuotaIT(KubeClient api, TestNamespace namespace) {
    this.api = api;
    this.namespace = namespace.name();
  }

  @BeforeAll
  static void start(Cluster cluster, KubeClient api) {
    fleet = new WebhookFleet(cluster, 2, "quota: {user: {storage: " + LIMIT + "Gi}}", Map.of());
    WebhookFleet.createTemplate(api, "storage");
  }

  @AfterAll
  static void stop() {
    fleet.close();
  }

  @AfterEach
  void clear() {
    sessions().forEach(this::delete);
    claims()
        .forEach(claim ->
            api.delete(ResourceType.PERSISTENT_VOLUME_CLAIM, namespace, claim.name(), claim.uid()));
    await().atMost(Duration.ofSeconds(60)).until(() -> claims().isEmpty());
  }

  @Test
  void exactlyTheLimitIsAdmittedAndRetainedHomesCount() {
    AtomicInteger admitted = new AtomicInteger();
    ConcurrentClients.run(
        CLIENTS,
        3 * LIMIT,
        i -> {
          String name = "burst-" + i;
          ApiResult<VdiSession> created = create(name, "bob@storage.example.com", 1);
          created
              .ok()
              .ifPresent(session -> {
                admitted.incrementAndGet();
                // The session is deleted, and its home stays.
                claim(name, "bob@storage.example.com", 1);
                delete(session);
              });
          created
              .failure()
              .ifPresent(why ->
                  assertThat(why.message())
                      .contains(
                          "Storage quota exceeded for user bob@storage.example.com: used 50Gi, requested"
                              + " 1Gi, limit 50Gi",
                          "raise quota.user.storage"));
        });
    assertThat(admitted.get()).as("admitted").isEqualTo(LIMIT);
    assertThat(claims()).hasSize(LIMIT);
    assertRefused(create("one-more", "bob@storage.example.com", 1));
    // It uses a home that counts already; only what the home lacks is requested.
    String retained = claims().getFirst().name().replace("vdi-data-", "");
    assertRefused(create(retained, "bob@storage.example.com", 2));
    create(retained, "bob@storage.example.com", 1).orElseThrow();
  }

  @Test
  void theLimitHoldsWithKilledReplicas() throws InterruptedException {
    AtomicInteger done = new AtomicInteger();
    Thread killer =
        Thread.ofVirtual()
            .start(() -> {
              for (int round = 0; round < 2; round++) {
                int next = (round + 1) * LIMIT / 3;
                await().atMost(Duration.ofSeconds(60)).until(() -> done.get() >= next);
                fleet.kill(round);
                fleet.restart(round);
              }
            });
    ConcurrentClients.run(
        CLIENTS,
        2 * LIMIT,
        i -> {
          String name = "killed-" + i;
          create(name, "carol@storage.example.com", 2)
              .ok()
              .ifPresent(session -> {
                claim(name, "carol@storage.example.com", 2);
                delete(session);
              });
          done.incrementAndGet();
        });
    killer.join();
    AtomicInteger names = new AtomicInteger();
    await()
        .atMost(Duration.ofSeconds(100))
        .pollInterval(Duration.ofSeconds(1))
        .until(() -> {
          assertThat(claims().size()).isLessThanOrEqualTo(LIMIT / 2);
          String name = "fill-" + names.incrementAndGet();
          create(name, "carol@storage.example.com", 2)
              .ok()
              .ifPresent(session -> claim(name, "carol@storage.example.com", 2));
          return claims().size() == LIMIT / 2;
        });
    assertRefused(create("one-more", "carol@storage.example.com", 1));
  }

  @Test
  void growthAndPersistenceRequestStorageAndALowerSizeFreesItLater() {
    create("grows", "dave@storage.example.com", 20).orElseThrow();
    create("other", "dave@storage.example.com", 20).orElseThrow();
    assertRefused(patch("grows", "{\"spec\": {\"persistence\": {\"size\": \"31Gi\"}}}"));
    patch("grows", "{\"spec\": {\"persistence\": {\"size\": \"30Gi\"}}}").orElseThrow();
    patch("grows", "{\"spec\": {\"suspended\": true}}").orElseThrow();
    assertRefused(create("more", "dave@storage.example.com", 1));
    patch("other", "{\"spec\": {\"persistence\": {\"size\": \"10Gi\"}}}").orElseThrow();
    assertThat(create("too-early", "dave@storage.example.com", 10).ok())
        .as("the controller may still grow the claim to the former size")
        .isEmpty();
    await()
        .atMost(Duration.ofSeconds(100))
        .pollInterval(Duration.ofSeconds(1))
        .until(() -> create("later", "dave@storage.example.com", 10).ok().isPresent());
    assertRefused(create("huge", "erin@storage.example.com", 51));
    create("enough", "erin@storage.example.com", 50).orElseThrow();
  }

  private static void assertRefused(ApiResult<VdiSession> result) {
    assertThat(result.failure())
        .get()
        .matches(failure -> failure.message().contains("Storage quota exceeded"), "is the quota");
  }

  private ApiResult<VdiSession> create(String name, String user, int gib) {
    return api.create(
        ResourceType.SESSION,
        namespace,
        Manifests.parse(
                """
                apiVersion: vdi.kasm.io/v1alpha1
                kind: VDISession
                metadata: {name: %s}
                spec: {user: %s, template: storage, persistence: {size: %dGi}}
                """
                    .formatted(name, user, gib))
            .getFirst());
  }

  private ApiResult<VdiSession> patch(String name, String patch) {
    return api.mergePatch(
        ResourceType.SESSION, namespace, name, JsonParser.parseString(patch).getAsJsonObject());
  }

  private void claim(String session, String user, int gib) {
    api.create(
            ResourceType.PERSISTENT_VOLUME_CLAIM,
            namespace,
            Manifests.parse(
                    """
                    apiVersion: v1
                    kind: PersistentVolumeClaim
                    metadata:
                      name: vdi-data-%s
                      labels: {app.kubernetes.io/managed-by: vdi-operator}
                      annotations: {vdi.kasm.io/user: %s}
                    spec:
                      accessModes: [ReadWriteOnce]
                      storageClassName: none
                      resources: {requests: {storage: %dGi}}
                    """
                        .formatted(session, user, gib))
                .getFirst())
        .orElseThrow();
  }

  private List<VdiSession> sessions() {
    return api.list(ResourceType.SESSION, namespace, "").orElseThrow().items();
  }

  private List<PersistentVolumeClaim> claims() {
    return api.list(ResourceType.PERSISTENT_VOLUME_CLAIM, namespace, Labels.MANAGED_SELECTOR)
        .orElseThrow()
        .items();
  }

  private void delete(VdiSession session) {
    api.delete(ResourceType.SESSION, namespace, session.name(), session.uid());
  }
}
