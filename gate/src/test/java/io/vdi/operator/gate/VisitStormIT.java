package io.vdi.operator.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.cluster.SimulatedNodes;
import io.vdi.operator.devcluster.operator.OperatorService;
import io.vdi.operator.devcluster.testing.ApiServerAuditLog;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.testing.SessionWatch;
import io.vdi.operator.devcluster.testing.TestTemplates;
import io.vdi.operator.gate.TestGate.Answer;
import io.vdi.operator.gate.TestGate.Browser;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.Element;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Nine o'clock: 50 users visit their desktops that sleep, and a quota has room for five. The gate,
 * the controller and the admission webhook have the permissions of the chart at a real API server.
 */
class VisitStormIT {
  private static final String NAMESPACE = "desks";
  private static final int VISITORS = 50;
  private static final int LIMIT = 5;

  /** Positions after it are not shown; the controller would write all statuses for each start. */
  private static final int SHOWN = 10;

  /** Ten groups of desktops start one after the other, beside other tests. */
  private static final Duration PATIENCE = Duration.ofMinutes(4);

  private static final String QUOTA = "quota: {mode: queue, cluster: {gpus: " + LIMIT + "}}\n";

  @TempDir private static Path folder;
  private static GateCluster installation;
  private static KubeClient root;
  private static TestGate gate;

  @BeforeAll
  static void start() throws Exception {
    installation = new GateCluster(folder, new SimulatedNodes.Spec(1, 2 * VISITORS, 2 * VISITORS));
    root = installation.root;
    installation.install(QUOTA);
    installation.start(
        OperatorService.CONTROLLER,
        QUOTA + "domain: vdi.example.com\ningress: {kind: ingress}\n",
        Map.of());
    TestTemplates.applySimulated(root, TestTemplates.SIMULATED, "");
    Manifests.apply(
        root,
        """
        apiVersion: v1
        kind: Namespace
        metadata: {name: %1$s}
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: staff, namespace: %1$s}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: vdi-sessions-edit}
        subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: 'oidc:staff'}]
        """
            .formatted(NAMESPACE));
    gate = installation.gate(Map.of("vdiConfig_GATE_NAMESPACE", NAMESPACE));
  }

  @AfterAll
  static void stop() throws Exception {
    if (installation != null) {
      installation.stop(VisitStormIT.class);
    }
  }

  /** A user with a browser, who has signed in before the storm. */
  private record Visitor(String name, Browser browser) {
    /** What the browser does when its user enters the address of the desktop. */
    Page visit() {
      Answer router =
          browser.desktop(
              name + ".vdi.example.com",
              "/",
              "Sec-Fetch-Mode",
              "navigate",
              "Sec-Fetch-Dest",
              "document",
              "Sec-Fetch-User",
              "?1");
      return read(TestGate.path(browser.portal(TestGate.path(router.location())).location()));
    }

    Page read(String path) {
      Answer answer = browser.portal(path);
      assertThat(answer.status()).as("%s: %s", path, answer.body()).isEqualTo(200);
      return new Page(path, Jsoup.parse(answer.body()));
    }

    /** What the script of the page does, or the button; the page to which that leads. */
    Page resume(Page page) {
      Element form = page.document().selectFirst("form[action$=/resume]");
      assertThat(form).as(page.toString()).isNotNull();
      return resume(form.attr("action"), form.selectFirst("input[name=from]").val());
    }

    Page resume(String action, String from) {
      Answer posted = browser.post(action, Map.of("from", from), "Origin", TestGate.PORTAL);
      assertThat(posted.status()).as(posted.body()).isEqualTo(303);
      return read(posted.location());
    }

    String path() {
      return "/sessions/" + NAMESPACE + "/" + name;
    }
  }

  /** A page of the portal. */
  private record Page(String path, Document document) {
    boolean resumes() {
      return document.getElementById("live").hasAttr("data-resumes");
    }

    boolean asks() {
      return document.selectFirst("form[action$=/resume]") != null;
    }

    String text() {
      return document.text();
    }
  }

  @Test
  @DisplayName("50 visits are served in their order, within the quota, with one write each")
  void storm() throws Exception {
    List<Visitor> visitors = sleepingDesktops();
    try (SessionWatch watch = new SessionWatch(root, NAMESPACE)) {
      List<String> accepted = watch.resumed();
      List<String> started = watch.started();
      each(
          visitors,
          visitor -> {
            Page page = visitor.visit();
            assertThat(page.resumes()).as("the page resumes the desktop of its visitor").isTrue();
            Page waits = visitor.resume(page);
            assertThat(waits.resumes()).isFalse();
            return waits;
          });
      await().atMost(PATIENCE).until(() -> accepted.size() == VISITORS);
      assertPlaces(visitors, accepted);
      assertThat(started).containsExactlyInAnyOrderElementsOf(accepted.subList(0, LIMIT));

      List<Page> again =
          each(
              visitors.stream().filter(visitor -> !started.contains(visitor.name())).toList(),
              v -> {
                Page page = v.visit();
                // A second press of the button, and a reload.
                v.resume(v.path() + "/resume", "open/");
                v.read(page.path());
                return page;
              });
      assertThat(again).hasSize(VISITORS - LIMIT).noneMatch(Page::asks);
      assertPlaces(visitors, accepted);

      await("all desktops to start")
          .atMost(PATIENCE)
          .pollInterval(Duration.ofMillis(300))
          .until(VisitStormIT::endRunning);
      assertThat(watch.mostGpus()).isEqualTo(LIMIT);
      assertThat(started).containsExactlyInAnyOrderElementsOf(accepted);
      for (int place = LIMIT; place < VISITORS; place++) {
        // As many as the limit allows can start at the same time.
        assertThat(accepted.indexOf(started.get(place)))
            .as("%s in %s", started, accepted)
            .isBetween(place - LIMIT, place + LIMIT);
      }
    }
    assertThat(writes())
        .hasSize(VISITORS)
        .allSatisfy((user, count) -> assertThat(count).as(user).isEqualTo(1));
  }

  private static List<Visitor> sleepingDesktops() {
    TestNamespace namespace = new TestNamespace(root, NAMESPACE, PATIENCE);
    List<String> names = new ArrayList<>();
    for (int i = 0; i < VISITORS; i++) {
      names.add("user%02d".formatted(i));
      namespace.session(names.getLast()).create("template: kwok, suspended: true");
    }
    names.forEach(name -> namespace.session(name).awaitPhase(Phase.SUSPENDED));
    List<Visitor> visitors = names.stream().map(VisitStormIT::signIn).toList();
    await("the gate to know the desktops")
        .atMost(PATIENCE)
        .until(() ->
            visitors.stream()
                .allMatch(visitor ->
                    visitor.browser().navigate(visitor.name() + ".vdi.example.com", "/").status()
                        == 303));
    return visitors;
  }

  private static Visitor signIn(String name) {
    installation.provider.reset("sid-" + name);
    installation.provider.user(name + "@example.com", "staff");
    Browser browser = installation.closing(gate.new Browser());
    Answer signedIn = browser.signIn(installation.provider, "/signin?to=%2F");
    assertThat(signedIn.status()).as(signedIn.body()).isEqualTo(303);
    return new Visitor(name, browser);
  }

  /** Runs it for all visitors at the same time. */
  private static List<Page> each(List<Visitor> visitors, Function<Visitor, Page> action)
      throws Exception {
    List<Visitor> shuffled = new ArrayList<>(visitors);
    Collections.shuffle(shuffled);
    List<Page> pages = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Page>> running =
          shuffled.stream().map(visitor -> threads.submit(() -> action.apply(visitor))).toList();
      for (Future<Page> each : running) {
        pages.add(each.get());
      }
    }
    return pages;
  }

  /** The page of each visitor shows that the desktop runs, or its place in the queue. */
  private static void assertPlaces(List<Visitor> visitors, List<String> accepted) {
    for (Visitor visitor : visitors) {
      int place = accepted.indexOf(visitor.name()) + 1 - LIMIT;
      await(visitor.name() + " at place " + place)
          .atMost(PATIENCE)
          .untilAsserted(() -> {
            Page page = visitor.read(visitor.path());
            if (place <= 0) {
              assertThat(page.document().selectFirst("a[id$=.open]")).isNotNull();
            } else {
              assertThat(page.text())
                  .contains("GPU quota exceeded for cluster: used 5, requested 1, limit 5; ")
                  .contains(
                      place <= SHOWN
                          ? "number " + place + " in line"
                          : "more than " + SHOWN + " in line before it");
            }
          });
    }
  }

  /** Deletes the desktops that run; returns whether there are no sessions any more. */
  private static boolean endRunning() {
    List<VdiSession> sessions =
        root.list(ResourceType.SESSION, NAMESPACE, "").orElseThrow().items();
    sessions.stream()
        .filter(s -> s.status().phase() == Phase.RUNNING && !s.metadata().isDeleting())
        .forEach(s -> root.delete(ResourceType.SESSION, NAMESPACE, s.name(), s.uid()));
    return sessions.isEmpty();
  }

  /**
   * How often each user has changed the own session. The gate sends a change again that was refused
   * because of load; any other second attempt counts.
   */
  private static Map<String, Integer> writes() {
    return installation.audit.read(entries ->
        entries
            .filter(entry ->
                entry.has("impersonatedUser")
                    && !isOverload(entry)
                    && entry.get("verb").getAsString().equals("patch")
                    && ApiServerAuditLog.resource(entry).equals("vdisessions"))
            .map(VisitStormIT::user)
            .collect(Collectors.toMap(user -> user, user -> 1, Integer::sum, LinkedHashMap::new)));
  }

  private static boolean isOverload(JsonObject entry) {
    int code = entry.getAsJsonObject("responseStatus").get("code").getAsInt();
    return code == 429 || code >= 500;
  }

  private static String user(JsonObject entry) {
    return entry.getAsJsonObject("impersonatedUser").get("username").getAsString();
  }
}
