package io.vdi.operator.bench;

import com.google.gson.JsonObject;
import io.vdi.operator.common.identity.IdentityMapping;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.Hashes;
import io.vdi.operator.common.model.HostNames;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.controller.session.resources.DesiredObject;
import io.vdi.operator.controller.session.resources.DesiredState;
import io.vdi.operator.controller.session.resources.ResolvedSession;
import io.vdi.operator.controller.session.resources.SessionConfig;
import io.vdi.operator.devcluster.cluster.Manifests;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Makes the same writes as the controller, with the same bytes and the same user, but without
 * watches and decisions. No controller can be faster. It creates the objects of a session
 * concurrently, then the RoleBinding, which the API server refuses before its Role exists, and
 * writes the status once; the controller writes it up to three times. Events and the interval of
 * use are left out.
 */
final class BareClient implements AutoCloseable {
  private static final SessionConfig SETTINGS =
      new SessionConfig(
          "vdi.example.com",
          new SessionConfig.Ingress(
              SessionConfig.IngressKind.TRAEFIK, Optional.empty(), List.of("websecure")),
          new SessionConfig.Tls(SessionConfig.TlsMode.CERT_RESOLVER, "letsencrypt", ""),
          Optional.empty(),
          Optional.empty(),
          Optional.of(new IdentityMapping(Map.of(), "", "")),
          Optional.empty());

  private final KubeClient user;
  private final KubeClient operator;
  private final VdiTemplate.Spec template;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  BareClient(KubeClient user, KubeClient operator) {
    this.user = user;
    this.operator = operator;
    this.template = user.get(ResourceType.TEMPLATE, "", BenchCluster.TEMPLATE).orElseThrow().spec();
  }

  /** Creates a session as its user would. */
  static VdiSession submit(KubeClient user, String name) {
    return submit(user, BenchCluster.NAMESPACE, name, "");
  }

  /**
   * The same in any namespace and with more fields.
   *
   * @param fields of the spec, in YAML's flow style: {@code , timeout: 1h}
   */
  static VdiSession submit(KubeClient user, String namespace, String name, String fields) {
    JsonObject session =
        Manifests.parse(
                """
                apiVersion: vdi.kasm.io/v1alpha1
                kind: VDISession
                metadata: {name: %1$s, namespace: %2$s}
                spec: {user: "%1$s@example.com", template: %3$s%4$s}
                """
                    .formatted(name, namespace, BenchCluster.TEMPLATE, fields))
            .getFirst();
    return user.create(ResourceType.SESSION, namespace, session).orElseThrow();
  }

  /**
   * Makes all writes for one session.
   *
   * @param afterCreate called when the session exists
   */
  void make(String name, Runnable afterCreate) {
    VdiSession session = submit(user, name);
    afterCreate.run();
    finalizer(name);
    objects(session, false);
    operator
        .mergePatchStatus(
            ResourceType.SESSION,
            BenchCluster.NAMESPACE,
            name,
            json("{status: {phase: Running, podName: %s, message: bare}}".formatted(name)))
        .orElseThrow();
  }

  /**
   * Creates a session that seems to run since the given time. Its pod is never scheduled, so that
   * thousands of them cost no node anything.
   */
  void park(String name, Instant since) {
    VdiSession session = submit(user, name);
    finalizer(name);
    objects(session, true);
    startTime(operator, name, since);
  }

  /** Writes into the status that the session runs since the given time. */
  static void startTime(KubeClient api, String session, Instant since) {
    api.mergePatchStatus(
            ResourceType.SESSION,
            BenchCluster.NAMESPACE,
            session,
            json(
                "{status: {phase: Running, podName: %s, startTime: '%s'}}"
                    .formatted(session, since)))
        .orElseThrow();
  }

  private void finalizer(String session) {
    operator
        .mergePatch(
            ResourceType.SESSION,
            BenchCluster.NAMESPACE,
            session,
            json("{metadata: {finalizers: [" + VdiSession.FINALIZER + "]}}"))
        .orElseThrow();
  }

  private void objects(VdiSession session, boolean parked) {
    ResolvedSession workload =
        new ResolvedSession(
            session,
            template,
            Defaults.effectiveSpec(session.spec(), template),
            HostNames.preferred(session.spec().user()),
            SETTINGS);
    Map<ChildKind, DesiredObject> objects =
        new EnumMap<>(DesiredState.children(workload).objects());
    DesiredObject binding = objects.remove(ChildKind.ROLE_BINDING);
    List<Future<ApiResult<?>>> answers = new ArrayList<>();
    for (DesiredObject object : objects.values()) {
      answers.add(threads.submit(() -> create(object, parked)));
    }
    try {
      for (Future<ApiResult<?>> answer : answers) {
        answer.get().orElseThrow();
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
    create(binding, parked).orElseThrow();
  }

  private ApiResult<?> create(DesiredObject object, boolean parked) {
    JsonObject body = object.body();
    if (parked && object.kind() == ChildKind.POD) {
      body = body.deepCopy();
      body.getAsJsonObject("spec")
          .add("schedulingGates", json("{gates: [{name: bench/parked}]}").get("gates"));
    }
    if (parked && object.kind() == ChildKind.HOME) {
      body = body.deepCopy();
      body.getAsJsonObject("spec").addProperty("storageClassName", "none");
    }
    if (object.kind() == ChildKind.SECRET) {
      body = body.deepCopy();
      body.add("stringData", json("{password: " + Hashes.sha256(object.name(), 32) + "}"));
    }
    return operator.create(object.type(), BenchCluster.NAMESPACE, body);
  }

  private static JsonObject json(String flow) {
    return Manifests.parse(flow).getFirst();
  }

  @Override
  public void close() {
    threads.close();
  }
}
