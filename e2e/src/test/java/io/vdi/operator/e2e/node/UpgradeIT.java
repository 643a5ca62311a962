package io.vdi.operator.e2e.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.cluster.Manifests;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/**
 * The chart is upgraded and rolled back while desktops run and more sessions are created. The
 * operator's pods are real. The desktops are on a simulated node, because the machine is too small
 * for twenty real ones.
 */
@Order(70)
class UpgradeIT {
  private static final int DESKTOPS = 20;
  private static final String SESSIONS =
      "/apis/vdi.kasm.io/v1alpha1/namespaces/default/vdisessions";
  private static final String BEFORE = "?labelSelector=made=before";
  private static final String PODS = "/api/v1/namespaces/default/pods";

  @Test
  void runningDesktopsStayAndNoSessionIsRejected() throws Exception {
    OperatorNode node = SharedNode.withDefaults();
    node.apply(
        """
        apiVersion: vdi.kasm.io/v1alpha1
        kind: VDITemplate
        metadata: {name: elsewhere}
        spec:
          image: desktop
          nodeSelector: {vdi.devcluster/simulated: "true"}
        """);
    for (int i = 0; i < DESKTOPS; i++) {
      create(node.api(), "before-" + i).orElseThrow();
    }
    await("the desktops to run")
        .atMost(SharedNode.PATIENCE)
        .until(() -> running(node.api(), BEFORE) == DESKTOPS);
    Map<String, String> pods = pods(node.api());
    List<String> disturbed = Collections.synchronizedList(new ArrayList<>());
    List<String> rejected = Collections.synchronizedList(new ArrayList<>());
    AtomicInteger created = new AtomicInteger();
    try (ScheduledExecutorService work = Executors.newScheduledThreadPool(4)) {
      ScheduledFuture<?> creating =
          work.scheduleAtFixedRate(
              () ->
                  create(node.api(), "during-" + created.getAndIncrement())
                      .failure()
                      .ifPresent(failure -> rejected.add(Instant.now() + " " + failure)),
              0,
              250,
              TimeUnit.MILLISECONDS);
      ScheduledFuture<?> checking =
          work.scheduleAtFixedRate(
              () -> {
                long still = running(node.api(), BEFORE);
                if (still != DESKTOPS) {
                  disturbed.add("only " + still + " of them run");
                }
              },
              0,
              500,
              TimeUnit.MILLISECONDS);
      node.install(
          "controller.jvmFlags={-Dnew=1}",
          "admissionWebhook.jvmFlags={-Dnew=1}",
          "reaper.jvmFlags={-Dnew=1}");
      assertThat(podsOf(node)).contains("-Dnew=1");
      System.out.println("upgraded at " + Instant.now());
      node.helm()
          .run(
              "rollback",
              "vdi-operator",
              "--namespace=" + OperatorNode.NAMESPACE,
              "--wait",
              "--timeout=3m");
      System.out.println("rolled back at " + Instant.now());
      awaitEndOf(node);
      System.out.println("the old pods were deleted at " + Instant.now());
      stop(creating);
      stop(checking);
    }
    assertEquals(List.of(), rejected);
    assertEquals(List.of(), disturbed);
    assertThat(created.get()).as("sessions created meanwhile").isGreaterThan(50);
    await("all created sessions to run")
        .atMost(SharedNode.PATIENCE)
        .until(() -> running(node.api(), "?labelSelector=made=during") == created.get());
    Map<String, String> after = pods(node.api());
    pods.forEach((name, uid) -> assertEquals(uid, after.get(name), name));
    System.out.println(created + " sessions created during upgrade and rollback");
  }

  /** Also after a failure: hundreds of sessions would disturb the tests that come after. */
  @AfterAll
  static void end() {
    OperatorNode node = SharedNode.get();
    node.kubectl("delete", "vdi", "--all", "--wait=false");
    await("the sessions to be deleted")
        .atMost(SharedNode.PATIENCE.multipliedBy(2))
        .until(() -> items(node.api(), SESSIONS).isEmpty());
  }

  /** The pods of the upgraded release serve requests until they are deleted. */
  private static void awaitEndOf(OperatorNode node) {
    await("the old pods to be deleted")
        .atMost(SharedNode.PATIENCE)
        .until(() -> !podsOf(node).contains("-Dnew=1"));
  }

  private static String podsOf(OperatorNode node) {
    return node.kubectl("get", "pods", "-n", OperatorNode.NAMESPACE, "-o", "yaml");
  }

  private static void stop(ScheduledFuture<?> task)
      throws InterruptedException, ExecutionException {
    if (!task.cancel(false)) {
      // The task has ended with an exception; get() throws it.
      task.get();
    }
  }

  private static ApiResult<JsonObject> create(KubeClient api, String name) {
    return api.request(
        "POST",
        SESSIONS,
        Manifests.parse(
                """
                apiVersion: vdi.kasm.io/v1alpha1
                kind: VDISession
                metadata: {name: %1$s, labels: {made: %2$s}}
                spec: {user: %1$s@example.com, template: elsewhere, persistence: {enabled: false}}
                """
                    .formatted(name, name.replaceAll("-.*", "")))
            .getFirst());
  }

  private static long running(KubeClient api, String selector) {
    return items(api, SESSIONS + selector).stream()
        .filter(session ->
            session.has("status") && session.toString().contains("\"phase\":\"Running\""))
        .count();
  }

  private static Map<String, String> pods(KubeClient api) {
    Map<String, String> uids = new TreeMap<>();
    items(api, PODS).stream()
        .filter(pod -> name(pod).startsWith("before-"))
        .forEach(
            pod -> uids.put(name(pod), pod.getAsJsonObject("metadata").get("uid").getAsString()));
    return uids;
  }

  private static List<JsonObject> items(KubeClient api, String collection) {
    JsonObject list = api.request("GET", collection, null).orElseThrow();
    List<JsonObject> items = new ArrayList<>();
    list.getAsJsonArray("items").forEach(item -> items.add(item.getAsJsonObject()));
    return items;
  }

  private static String name(JsonObject object) {
    return object.getAsJsonObject("metadata").get("name").getAsString();
  }
}
