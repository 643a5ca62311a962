package io.vdi.operator.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.vdi.operator.admission.quota.QuotaReserver;
import io.vdi.operator.admission.quota.SessionIndex;
import io.vdi.operator.admission.validation.AdmissionRequest;
import io.vdi.operator.admission.validation.Response;
import io.vdi.operator.admission.validation.Response.Allow;
import io.vdi.operator.admission.validation.Response.Deny;
import io.vdi.operator.admission.validation.Response.Reason;
import io.vdi.operator.common.identity.Caller;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.WatchedNamespaces;
import io.vdi.operator.runtime.config.ConfigLoader;
import io.vdi.operator.runtime.config.InvalidConfigException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The use case without sockets. The caches stay empty, so every lookup reaches the fake API. */
class AdmissionHandlerTest {
  private static final String TEMPLATE = "/apis/vdi.kasm.io/v1alpha1/vditemplates/t";
  private static final String SESSIONS = "/apis/vdi.kasm.io/v1alpha1/namespaces/desks/vdisessions";
  private static final String RESERVATIONS =
      "/api/v1/namespaces/vdi-system/configmaps/vdi-quota-reservations";

  private final FakeApi api = new FakeApi();
  private final KubeClient client = api.client();
  private final SessionIndex sessions =
      new SessionIndex(client, WatchedNamespaces.ALL, InstantSource.system());
  private AdmissionConfig config = config(Map.of());
  private final QuotaReserver quota =
      new QuotaReserver(
          client,
          "vdi-system",
          sessions,
          name -> Optional.empty(),
          () -> config.quota(),
          () -> config.admission().maxReservationsPerUser(),
          InstantSource.system(),
          System::nanoTime);
  private final List<String> usageErrors = new ArrayList<>();
  private final BudgetWatch budgets =
      new BudgetWatch(
          client, () -> config, () -> Instant.parse("2026-11-26T12:00:00Z"), usageErrors::add);
  private final AdmissionHandler handler = handler(System::nanoTime);

  private AdmissionHandler handler(LongSupplier nanoTime) {
    return new AdmissionHandler(
        new ContextGatherer(
            client,
            WatchedNamespaces.ALL,
            sessions,
            cache(ResourceType.TEMPLATE),
            cache(ResourceType.NODE.metadataOnly()),
            InstantSource.system()),
        new AccessReviewer(client, nanoTime),
        new TemplateChecker(client, "vdi-system"),
        quota,
        budgets,
        () -> config,
        nanoTime);
  }

  @BeforeEach
  void start() {
    api.put(
        TEMPLATE, "{spec: {image: desktop, timeout: 3h, idleTimeout: 1h, resources: {maxGPU: 2}}}");
    quota.start();
  }

  @AfterEach
  void stop() {
    quota.close();
  }

  @Test
  void mutationAddsTheDefaultsOfTheTemplate() {
    Allow allow = (Allow) handler.mutate(create("{user: alice@example.com, template: t}", false));
    assertThat(allow.patch().toString()).contains("/spec/timeout", "\"3h\"", "created-by");
  }

  @Test
  void aValidSessionIsAllowedWithoutAQuotaCallIfNoLimitApplies() {
    Response response = handler.validate(create("{user: alice@example.com, template: t}", false));
    assertThat(response).isEqualTo(Allow.unchanged(List.of()));
    assertThat(api.get(RESERVATIONS)).isNull();
  }

  @Test
  void anUnknownTemplateIsAllowedWithAWarning() {
    Response response = handler.validate(create("{user: a@b.cc, template: other}", false));
    assertThat(response).isInstanceOf(Allow.class);
    assertThat(response.warnings().getFirst()).contains("there is no such VDITemplate");
  }

  @Test
  void aTemplateInUseCannotBeDeleted() {
    api.put(SESSIONS + "/desk", "{metadata: {namespace: desks}, spec: {template: t}}");
    Deny deny = deny(handler.validate(deleteTemplate()));
    assertThat(deny.reason()).isEqualTo(Reason.FORBIDDEN);
    assertThat(deny.message())
        .isEqualTo("VDITemplate t is used by 1 session (desks/desk): delete these first");
    api.remove(SESSIONS + "/desk");
    assertThat(handler.validate(deleteTemplate())).isEqualTo(Allow.unchanged(List.of()));
  }

  @Test
  void anIllegalTemplateNameReachesNoApiServer() {
    deny(handler.validate(create("{user: a@b.cc, template: '../secrets'}", false)));
    assertThat(api.count("GET", "vditemplates")).isZero();
  }

  @Test
  void aLowerSizeIsComparedWithTheClaim() {
    String claim = "/api/v1/namespaces/desks/persistentvolumeclaims/vdi-data-desk";
    assertThat(handler.validate(shrink())).as("no claim").isInstanceOf(Allow.class);
    api.put(claim, "{status: {phase: Pending}}");
    assertThat(handler.validate(shrink())).as("not bound").isInstanceOf(Allow.class);
    api.put(claim, "{status: {phase: Bound, capacity: {storage: 10Gi}}}");
    assertThat(handler.validate(shrink())).as("not below").isInstanceOf(Allow.class);
    api.put(claim, "{status: {phase: Bound, capacity: {storage: 11Gi}}}");
    Deny deny = deny(handler.validate(shrink()));
    assertThat(deny.reason()).isEqualTo(Reason.INVALID);
    assertThat(deny.message())
        .isEqualTo(
            "spec.persistence.size 10Gi: is less than the 11Gi of PersistentVolumeClaim"
                + " vdi-data-desk, and a volume cannot shrink: give 11Gi or more");
  }

  @Test
  void withoutAnAnswerAboutTheClaimNoLowerSizeIsAllowed() {
    api.failWith((method, path) ->
        path.contains("persistentvolumeclaims")
            ? Optional.of(new FakeApi.Status(403, "Forbidden", "no permission"))
            : Optional.empty());
    Deny deny = deny(handler.validate(shrink()));
    assertThat(deny.reason()).isEqualTo(Reason.SERVICE_UNAVAILABLE);
    assertThat(deny.message()).contains("403 Forbidden: no permission");
  }

  @Test
  void aRefusedLookupIs503() {
    api.failWith(
        (method, path) -> Optional.of(new FakeApi.Status(500, "InternalError", "etcd is away")));
    Deny deny = deny(handler.validate(create("{user: a@b.cc, template: t}", false)));
    assertThat(deny)
        .isEqualTo(
            new Deny(
                Reason.SERVICE_UNAVAILABLE,
                "cannot be decided now, try again: 500 InternalError: etcd is away",
                List.of()));
    assertThat(deny.reason().code()).isEqualTo(503);
  }

  @Test
  void anUnreachableApiServerIs503() {
    api.failWith((method, path) -> {
      throw new IOException("connection refused");
    });
    for (Response response :
        List.of(
            handler.mutate(create("{user: a@b.cc, template: t}", false)),
            handler.validate(create("{user: a@b.cc, template: t}", false)),
            handler.validate(deleteTemplate()))) {
      assertThat(deny(response).reason()).isEqualTo(Reason.SERVICE_UNAVAILABLE);
      assertThat(deny(response).message()).contains("connection refused");
    }
  }

  @Test
  void aLookupOverTheDeadlineIs503() {
    config = config(Map.of("vdiConfig_ADMISSION_DEADLINE", "1s"));
    CountDownLatch never = new CountDownLatch(1);
    api.failWith((method, path) -> {
      await(never);
      return Optional.empty();
    });
    Deny deny = deny(handler.validate(create("{user: a@b.cc, template: t}", false)));
    never.countDown();
    assertThat(deny.reason()).isEqualTo(Reason.SERVICE_UNAVAILABLE);
    assertThat(deny.message())
        .isEqualTo("cannot be decided now, try again: no answer from the API server within 1 s");
  }

  @Test
  void aQuotaCheckOverTheDeadlineIs503() {
    config = config(Map.of("vdiConfig_ADMISSION_DEADLINE", "1s", "vdiConfig_QUOTA_USER_GPUS", "1"));
    CountDownLatch never = new CountDownLatch(1);
    api.failWith((method, path) -> {
      if (path.contains("configmaps")) {
        await(never);
      }
      return Optional.empty();
    });
    Deny deny = deny(handler.validate(create("{user: a@b.cc, template: t}", false)));
    never.countDown();
    assertThat(deny.reason()).isEqualTo(Reason.SERVICE_UNAVAILABLE);
    assertThat(deny.message())
        .isEqualTo(
            "quotas cannot be checked now, try again: no answer from the API server within 1 s");
  }

  @Test
  void modeRejectDeniesWhatExceedsTheQuota() {
    config = config(Map.of("vdiConfig_QUOTA_USER_GPUS", "1"));
    AdmissionRequest request =
        create("{user: alice@example.com, template: t, resources: {gpu: 2}}", false);
    assertThat(handler.validate(request))
        .isEqualTo(
            new Deny(
                Reason.FORBIDDEN,
                "GPU quota exceeded for user alice@example.com: used 0, requested 2, limit 1",
                List.of()));
  }

  @Test
  void modeQueueAdmitsWhatExceedsTheQuotaWithAWarning() {
    config = config(Map.of("vdiConfig_QUOTA_USER_GPUS", "2", "vdiConfig_QUOTA_MODE", "queue"));
    String spec = "{user: alice@example.com, template: t, resources: {gpu: 2}}";
    assertThat(handler.validate(create(spec, false))).isEqualTo(Allow.unchanged(List.of()));
    assertThat(handler.validate(create("uid-2", spec, false)))
        .isEqualTo(
            Allow.unchanged(
                List.of(
                    "GPU quota exceeded for user alice@example.com: used 2, requested 2, limit 2;"
                        + " the session waits in the queue")));
    assertThat(api.get(RESERVATIONS).getAsJsonObject("data").has("uid-2")).isFalse();
  }

  @Test
  void aRetainedHomeCountsAndTheRefusalNamesTheWayOut() {
    config = config(Map.of("vdiConfig_QUOTA_USER_STORAGE", "50Gi"));
    api.put(
        "/api/v1/namespaces/desks/persistentvolumeclaims/vdi-data-old",
        """
        {metadata: {namespace: desks, uid: claim, annotations: {'vdi.kasm.io/user': Alice@example.com}},
         spec: {resources: {requests: {storage: 40Gi}}}}
        """);
    String spec = "{user: alice@example.com, template: t, persistence: {size: %dGi}}";
    assertThat(deny(handler.validate(create(spec.formatted(20), false))))
        .isEqualTo(
            new Deny(
                Reason.FORBIDDEN,
                "Storage quota exceeded for user alice@example.com: used 40Gi, requested 20Gi,"
                    + " limit 50Gi; ask for a smaller spec.persistence.size, delete a home that is"
                    + " not needed any more (kubectl -n desks get pvc -l"
                    + " app.kubernetes.io/managed-by=vdi-operator,vdi.kasm.io/user=alice-example.com,"
                    + " then kubectl delete pvc <name>), or ask an admin to raise"
                    + " quota.user.storage",
                List.of()));
    assertThat(handler.validate(create(spec.formatted(10), false)))
        .isEqualTo(Allow.unchanged(List.of()));
  }

  /** It has its home while it waits for GPUs. */
  @Test
  void aSessionThatWaitsReservesItsStorage() {
    config =
        config(
            Map.of(
                "vdiConfig_QUOTA_CLUSTER_GPUS",
                "1",
                "vdiConfig_QUOTA_USER_STORAGE",
                "30Gi",
                "vdiConfig_QUOTA_MODE",
                "queue"));
    String spec = "{user: %s, template: t, persistence: {size: 20Gi}, resources: {gpu: 1}}";
    assertThat(handler.validate(create(spec.formatted("bob@example.com"), false)))
        .isEqualTo(Allow.unchanged(List.of()));
    Allow waits =
        (Allow) handler.validate(create("uid-2", spec.formatted("alice@example.com"), false));
    assertThat(waits.warnings().getFirst()).contains("GPU quota exceeded", "waits in the queue");
    JsonObject data = api.get(RESERVATIONS).getAsJsonObject("data");
    assertThat(json(data.get("uid-2").getAsString()).asMap())
        .containsEntry("gpus", new JsonPrimitive(0))
        .containsEntry("storage", new JsonPrimitive(20L << 30));
    Deny deny =
        deny(
            handler.validate(
                request(
                    "uid-3",
                    "CREATE",
                    AdmissionRequest.SESSION,
                    "other",
                    false,
                    Optional.of(
                        json(
                            "{metadata: {name: other, namespace: desks}, spec: "
                                + spec.formatted("alice@example.com")
                                + "}")),
                    Optional.empty())));
    assertThat(deny.message())
        .contains(
            "Storage quota exceeded for user alice@example.com: used 20Gi, requested 20Gi,"
                + " limit 30Gi");
  }

  @Test
  void theFormerSizeCountsAfterItWasLowered() {
    config = config(Map.of("vdiConfig_QUOTA_USER_STORAGE", "30Gi"));
    assertThat(handler.validate(shrink())).isInstanceOf(Allow.class);
    JsonObject data = api.get(RESERVATIONS).getAsJsonObject("data");
    assertThat(json(data.get("uid-1-former").getAsString()).asMap())
        .containsEntry("sessions", new JsonPrimitive(0))
        .containsEntry("storage", new JsonPrimitive(20L << 30))
        .containsEntry("claim", new JsonPrimitive("vdi-data-desk"));
  }

  @Test
  void modeQueueDeniesARequestThatIsAboveALimitByItself() {
    config = config(Map.of("vdiConfig_QUOTA_CLUSTER_GPUS", "1", "vdiConfig_QUOTA_MODE", "queue"));
    String spec = "{user: alice@example.com, template: t, resources: {gpu: %d}}";
    assertThat(handler.validate(create(spec.formatted(1), false)))
        .isEqualTo(Allow.unchanged(List.of()));
    assertThat(handler.validate(create("uid-2", spec.formatted(2), false)))
        .isEqualTo(
            new Deny(
                Reason.FORBIDDEN,
                "GPU quota exceeded for cluster: used 1, requested 2, limit 1; the session cannot"
                    + " wait for this, because the request alone is above the limit: lower it, or"
                    + " ask an admin to raise the limit",
                List.of()));
    assertThat(api.get(RESERVATIONS).getAsJsonObject("data").has("uid-2")).isFalse();
  }

  @Test
  void aGrantIsReservedUntilItsSessionIsObserved() {
    config = config(Map.of("vdiConfig_QUOTA_USER_GPUS", "1"));
    String spec = "{user: alice@example.com, template: t}";
    assertThat(handler.validate(create(spec, false))).isEqualTo(Allow.unchanged(List.of()));
    assertThat(api.get(RESERVATIONS).getAsJsonObject("data").has("uid-1")).isTrue();
    // The same request again gets the same answer; another one finds the quota used.
    assertThat(handler.validate(create(spec, false))).isEqualTo(Allow.unchanged(List.of()));
    Deny deny = deny(handler.validate(create("uid-2", spec, false)));
    assertThat(deny.message()).contains("used 1, requested 1, limit 1");
  }

  @Test
  void aDryRunReservesNothing() {
    config = config(Map.of("vdiConfig_QUOTA_USER_GPUS", "1"));
    String spec = "{user: alice@example.com, template: t}";
    assertThat(handler.validate(create(spec, true))).isEqualTo(Allow.unchanged(List.of()));
    assertThat(api.get(RESERVATIONS)).isNull();
    assertThat(handler.validate(create("uid-2", spec, false)))
        .isEqualTo(Allow.unchanged(List.of()));
  }

  /** Before Kubernetes 1.34. The session says it too, and starts when the API is served. */
  @Test
  void devicesThatTheClusterDoesNotServeAreAWarning() {
    api.failWith((method, path) ->
        path.equals("/apis/resource.k8s.io/v1/namespaces/vdi-system/resourceclaimtemplates")
            ? Optional.of(new FakeApi.Status(404, "NotFound", "not served"))
            : Optional.empty());
    String template = "{metadata: {name: t}, spec: {image: x, gpu: {deviceClassName: a}}}";
    AdmissionRequest request =
        request(
            "uid-1",
            "CREATE",
            AdmissionRequest.TEMPLATE,
            "t",
            false,
            Optional.of(json(template)),
            Optional.empty());
    assertThat(handler.validate(request))
        .isEqualTo(
            Allow.unchanged(List.of("spec.gpu: the devices may not be available: not served")));
  }

  @Test
  void aBugInALookupIsNoAnswer() {
    api.failWith((method, path) -> {
      throw new IllegalStateException("a bug");
    });
    assertThatThrownBy(() -> handler.validate(create("{user: a@b.cc, template: t}", false)))
        .hasRootCauseMessage("a bug");
  }

  /** The API server answers each call in time, but all together take too long. */
  @Test
  void theDeadlineIsForAllCallsTogether() {
    config = config(Map.of("vdiConfig_ADMISSION_DEADLINE", "3s"));
    AtomicLong now = new AtomicLong();
    api.failWith((method, path) -> {
      now.addAndGet(Duration.ofSeconds(2).toNanos());
      return Optional.empty();
    });
    AdmissionHandler slow = handler(now::get);
    Deny deny = deny(slow.validate(shrink()));
    assertThat(deny)
        .isEqualTo(
            new Deny(
                Reason.SERVICE_UNAVAILABLE,
                "cannot be decided now, try again: the decision took longer than 3 s",
                List.of()));
  }

  /** The caller is carol; the session is alice's. */
  @Test
  void whoManagesSessionsByRbacIsAnAdmin() {
    api.review(spec -> json("{allowed: true}"));
    assertThat(handler.validate(deleteByCarol())).isEqualTo(Allow.unchanged(List.of()));
  }

  @Test
  void whoDoesNotIsRefusedWithTheSettingAndTheVerb() {
    api.review(spec -> json("{allowed: false}"));
    Deny deny = deny(handler.validate(deleteByCarol()));
    assertThat(deny.reason()).isEqualTo(Reason.FORBIDDEN);
    assertThat(deny.message())
        .contains("identity.adminGroups", "manage on vdisessions.vdi.kasm.io in namespace desks");
  }

  @Test
  void withoutAnAnswerAboutThePermissionNothingIsAllowed() {
    api.failWith((method, path) ->
        path.equals(AccessReviewer.PATH)
            ? Optional.of(new FakeApi.Status(403, "Forbidden", "no permission"))
            : Optional.empty());
    Deny deny = deny(handler.validate(deleteByCarol()));
    assertThat(deny.reason()).isEqualTo(Reason.SERVICE_UNAVAILABLE);
    assertThat(deny.message()).contains("403 Forbidden: no permission");
  }

  @Test
  void aUserNeedsNoPermissionForAnOwnSession() {
    api.failWith((method, path) ->
        path.equals(AccessReviewer.PATH)
            ? Optional.of(new FakeApi.Status(500, "InternalError", "away"))
            : Optional.empty());
    assertThat(handler.validate(delete("alice@example.com"))).isInstanceOf(Allow.class);
    assertThat(api.count("POST", AccessReviewer.PATH)).isZero();
  }

  private static AdmissionRequest deleteByCarol() {
    return delete("carol@example.com");
  }

  private static AdmissionRequest delete(String username) {
    return new AdmissionRequest(
        "uid-1",
        "DELETE",
        "vdi.kasm.io",
        AdmissionRequest.SESSION,
        "",
        "desks",
        "desk",
        new Caller(username, List.of(), Map.of()),
        false,
        Optional.empty(),
        Optional.of(
            json(
                "{metadata: {name: desk, namespace: desks}, spec: {user: alice@example.com,"
                    + " template: t}}")));
  }

  private static Deny deny(Response response) {
    assertThat(response).isInstanceOf(Deny.class);
    return (Deny) response;
  }

  @Test
  void aSpentBudgetRefusesNewGpus() {
    config =
        config(
            Map.of(
                "vdiConfig_QUOTA_BUDGETS_USER_GPU_HOURS", "40",
                "vdiConfig_USAGE_TIME_ZONE", "Europe/Berlin"));
    use("2026-11-01T00:00:00Z", "2026-11-01T19:59:00Z");
    budgets.refresh();
    String gpu = "{user: alice@example.com, template: t, resources: {gpu: 1}}";
    assertThat(handler.validate(create(gpu, false))).isInstanceOf(Allow.class);
    use("2026-11-01T00:00:00Z", "2026-11-01T20:06:00Z");
    budgets.refresh();
    assertThat(handler.validate(create(gpu, false)))
        .isInstanceOfSatisfying(
            Deny.class,
            deny ->
                assertThat(deny.message())
                    .isEqualTo(
                        "GPU hour quota exceeded for user alice@example.com: used 40.2 of 40 hours"
                            + " in 2026-11; it begins again at 2026-11-30T23:00:00Z; use a desktop"
                            + " without a GPU until then, or ask an admin to raise quota.budgets"));
  }

  @Test
  void withoutTheUseNobodyIsRefused() {
    config = config(Map.of("vdiConfig_QUOTA_BUDGETS_USER_GPU_HOURS", "0"));
    api.failWith((method, path) ->
        path.endsWith("/vdiusages")
            ? Optional.of(new FakeApi.Status(503, "ServiceUnavailable", "etcd is down"))
            : Optional.empty());
    budgets.refresh();
    assertThat(usageErrors).containsExactly("ServiceUnavailable");
    assertThat(
            handler.validate(
                create("{user: alice@example.com, template: t, resources: {gpu: 1}}", false)))
        .isInstanceOf(Allow.class);
  }

  /** A desktop of Alice with two GPUs. */
  private void use(String from, String to) {
    api.put(
        "/apis/vdi.kasm.io/v1alpha1/namespaces/vdi-system/vdiusages/pod-1",
        """
        {spec: {user: 'Alice@example.com', template: t, session: {uid: s},
          gpu: {resource: 'nvidia.com/gpu', count: 2}, start: '%s', end: '%s', reason: Suspended}}
        """
            .formatted(from, to));
  }

  private static AdmissionRequest create(String spec, boolean dryRun) {
    return create("uid-1", spec, dryRun);
  }

  private static AdmissionRequest create(String uid, String spec, boolean dryRun) {
    JsonObject session = json("{metadata: {name: desk, namespace: desks}, spec: " + spec + "}");
    return request(
        uid,
        "CREATE",
        AdmissionRequest.SESSION,
        "desk",
        dryRun,
        Optional.of(session),
        Optional.empty());
  }

  /** A change of the size from 20Gi to 10Gi. */
  private static AdmissionRequest shrink() {
    String session =
        "{metadata: {name: desk, namespace: desks}, spec: {user: alice@example.com, template: t,"
            + " persistence: {size: %s}}}";
    return request(
        "uid-1",
        "UPDATE",
        AdmissionRequest.SESSION,
        "desk",
        false,
        Optional.of(json(session.formatted("10Gi"))),
        Optional.of(json(session.formatted("20Gi"))));
  }

  private static AdmissionRequest deleteTemplate() {
    return request(
        "uid-1",
        "DELETE",
        AdmissionRequest.TEMPLATE,
        "t",
        false,
        Optional.empty(),
        Optional.empty());
  }

  private static AdmissionRequest request(
      String uid,
      String operation,
      String kind,
      String name,
      boolean dryRun,
      Optional<JsonObject> object,
      Optional<JsonObject> oldObject) {
    return new AdmissionRequest(
        uid,
        operation,
        "vdi.kasm.io",
        kind,
        "",
        kind.equals(AdmissionRequest.SESSION) ? "desks" : "",
        name,
        new Caller("admin", List.of("system:masters"), Map.of()),
        dryRun,
        object,
        oldObject);
  }

  private static JsonObject json(String text) {
    return JsonParser.parseString(text).getAsJsonObject();
  }

  private <T extends KubeObject> ResourceCache<T> cache(ResourceType<T> type) {
    return new ResourceCache<>(client, type, "", InstantSource.system(), change -> {});
  }

  private static AdmissionConfig config(Map<String, String> environment) {
    try {
      return AdmissionConfig.from(new ConfigLoader(Optional.empty(), environment).load());
    } catch (InvalidConfigException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
