package io.vdi.operator.bench;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.Kind;
import io.vdi.operator.common.kube.KubeApi;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.Hosts;
import io.vdi.operator.common.model.Names;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.controller.objects.Blueprint;
import io.vdi.operator.controller.objects.Desired;
import io.vdi.operator.controller.objects.Workload;
import io.vdi.operator.controller.plan.Settings;
import io.vdi.operator.devcluster.Manifests;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * The limit: makes what the controller makes of a session, the same bytes under the same name, and
 * neither watches nor decides. Nothing that does the job can be faster. All five objects at once,
 * and one write of the status where the controller needs up to three.
 */
final class BareClient implements AutoCloseable {
  private static final Settings SETTINGS =
      new Settings(
          "vdi.example.com",
          new Settings.Ingress(
              Settings.IngressKind.TRAEFIK, Optional.empty(), List.of("websecure")),
          new Settings.Tls(Settings.TlsMode.CERT_RESOLVER, "letsencrypt", ""),
          Optional.empty());

  private final KubeApi user;
  private final KubeApi operator;
  private final VdiTemplate.Spec template;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  BareClient(KubeApi user, KubeApi operator) {
    this.user = user;
    this.operator = operator;
    this.template = user.get(Kind.TEMPLATE, "", Lab.TEMPLATE).orElseThrow().spec();
  }

  /** The session as its user makes it. */
  static VdiSession submit(KubeApi user, String name) {
    JsonObject session =
        Manifests.parse(
                """
                apiVersion: vdi.kasm.io/v1alpha1
                kind: VDISession
                metadata: {name: %1$s, namespace: %2$s}
                spec: {user: "%1$s@example.com", template: %3$s}
                """
                    .formatted(name, Lab.NAMESPACE, Lab.TEMPLATE))
            .getFirst();
    return user.create(Kind.SESSION, Lab.NAMESPACE, session).orElseThrow();
  }

  /**
   * All writes for one session.
   *
   * @param beforeFinalizer called when the session is there
   */
  void make(String name, Runnable beforeFinalizer) {
    VdiSession session = submit(user, name);
    beforeFinalizer.run();
    finalizer(name);
    objects(session, false);
    operator
        .mergePatchStatus(
            Kind.SESSION,
            Lab.NAMESPACE,
            name,
            json("{status: {phase: Running, podName: %s, message: bare}}".formatted(name)))
        .orElseThrow();
  }

  /** All of a session that has been running since then, on no node: its pod is never scheduled. */
  void park(String name, Instant since) {
    VdiSession session = submit(user, name);
    finalizer(name);
    objects(session, true);
    startTime(operator, name, since);
  }

  /** Writes since when a session has been running. */
  static void startTime(KubeApi api, String session, Instant since) {
    api.mergePatchStatus(
            Kind.SESSION,
            Lab.NAMESPACE,
            session,
            json(
                "{status: {phase: Running, podName: %s, startTime: '%s'}}"
                    .formatted(session, since)))
        .orElseThrow();
  }

  private void finalizer(String session) {
    operator
        .mergePatch(
            Kind.SESSION,
            Lab.NAMESPACE,
            session,
            json("{metadata: {finalizers: [" + VdiSession.FINALIZER + "]}}"))
        .orElseThrow();
  }

  private void objects(VdiSession session, boolean parked) {
    Workload workload =
        new Workload(
            session,
            template,
            Defaults.complete(session.spec(), template),
            Hosts.preferred(session.spec().user()),
            SETTINGS);
    Blueprint blueprint = Blueprint.of(workload, Optional.empty());
    List<Desired> all =
        new ArrayList<>(List.of(blueprint.secret(), blueprint.service(), blueprint.pod()));
    blueprint.volumeClaim().ifPresent(all::add);
    blueprint.route().ifPresent(all::add);
    List<Future<ApiResult<?>>> answers = new ArrayList<>();
    for (Desired object : all) {
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
  }

  private ApiResult<?> create(Desired object, boolean parked) {
    JsonObject body = object.body();
    if (parked && object.kind().equals(Kind.POD)) {
      body = body.deepCopy();
      body.getAsJsonObject("spec")
          .add("schedulingGates", json("{gates: [{name: bench/parked}]}").get("gates"));
    }
    if (parked && object.kind().equals(Kind.VOLUME_CLAIM)) {
      body = body.deepCopy();
      body.getAsJsonObject("spec").addProperty("storageClassName", "none");
    }
    if (object.kind().equals(Kind.SECRET)) {
      body = body.deepCopy();
      body.add("stringData", json("{password: " + Names.hash(object.name(), 32) + "}"));
    }
    return operator.create(object.kind(), Lab.NAMESPACE, body);
  }

  private static JsonObject json(String flow) {
    return Manifests.parse(flow).getFirst();
  }

  @Override
  public void close() {
    threads.close();
  }
}
