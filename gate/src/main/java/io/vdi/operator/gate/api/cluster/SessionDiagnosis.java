package io.vdi.operator.gate.api.cluster;

import io.vdi.operator.common.diagnosis.CauseClassifier;
import io.vdi.operator.common.diagnosis.ExpectedTimes;
import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.diagnosis.Layer;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.model.WatchedNamespaces;
import io.vdi.operator.gate.api.CauseView;
import io.vdi.operator.gate.api.DiagnosisView;
import io.vdi.operator.gate.api.DiagnosisView.Check;
import io.vdi.operator.gate.api.DiagnosisView.Result;
import io.vdi.operator.gate.api.GateMessage;
import io.vdi.operator.gate.api.StepName;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Pure: the checks of {@code kubectl vdi doctor} that need only the session, its template, its pod
 * and its home. Names and causes are those of the doctor. Its other checks (services of the
 * operator, nodes, Events, logs, network) need permissions that the gate does not have.
 */
final class SessionDiagnosis {
  private static final Outcome NOT_YET = new Skipped(GateMessage.NOT_YET.text());

  private final VdiSession session;
  private final Optional<VdiTemplate> template;
  private final Optional<Pod> pod;
  private final Optional<PersistentVolumeClaim> home;
  private final WatchedNamespaces watched;
  private final Map<String, String> parameters;
  private final Instant now;
  private final Map<String, KnownCause> blockers = new LinkedHashMap<>();
  private final List<Check> checks = new ArrayList<>();

  private sealed interface Outcome {}

  private record Passed(String observed) implements Outcome {}

  private record Failed(KnownCause cause, String observed) implements Outcome {}

  private record Skipped(String why) implements Outcome {}

  private SessionDiagnosis(
      VdiSession session,
      Optional<VdiTemplate> template,
      Optional<Pod> pod,
      Optional<PersistentVolumeClaim> home,
      WatchedNamespaces watched,
      Map<String, String> parameters,
      Instant now) {
    this.session = session;
    this.template = template;
    this.pod = pod;
    this.home = home;
    this.watched = watched;
    this.parameters = parameters;
    this.now = now;
  }

  /**
   * @param watched the namespaces that the operator manages
   * @param parameters of the commands of remedies
   */
  static DiagnosisView of(
      VdiSession session,
      Optional<VdiTemplate> template,
      Optional<Pod> pod,
      Optional<PersistentVolumeClaim> home,
      WatchedNamespaces watched,
      Map<String, String> parameters,
      Instant now) {
    SessionDiagnosis diagnosis =
        new SessionDiagnosis(session, template, pod, home, watched, parameters, now);
    diagnosis.run();
    return new DiagnosisView(SessionKey.of(session), now, diagnosis.checks);
  }

  private void run() {
    check("namespace", Layer.CONTROL_PLANE, "Namespace", Set.of(), this::namespace);
    check("template", Layer.CONTROL_PLANE, "Template", Set.of(), this::template);
    check(
        "observed",
        Layer.CONTROL_PLANE,
        "Observed by the controller",
        Set.of("namespace"),
        this::observed);
    check(
        "accepted",
        Layer.CONTROL_PLANE,
        "Objects accepted",
        Set.of("template", "observed"),
        this::accepted);
    check("quota", Layer.INFRASTRUCTURE, "Quota", Set.of("accepted"), this::quota);
    check(
        "volume",
        Layer.INFRASTRUCTURE,
        "Volume of the home",
        Set.of("accepted", "quota"),
        this::volume);
    check(
        "gpu", Layer.INFRASTRUCTURE, "Free GPUs", Set.of("accepted", "quota", "volume"), this::gpu);
    check(
        "placed",
        Layer.INFRASTRUCTURE,
        "Pod scheduled",
        Set.of("accepted", "quota", "volume", "gpu"),
        this::placed);
    check("node", Layer.INFRASTRUCTURE, "Node ready", Set.of("accepted"), this::node);
    check("pod", Layer.INFRASTRUCTURE, "Pod not failed", Set.of("placed", "node"), this::finished);
    check("image", Layer.INFRASTRUCTURE, "Image pulled", Set.of("pod"), this::image);
    check("home", Layer.INFRASTRUCTURE, "Home writable", Set.of("image"), this::home);
    check("container", Layer.INFRASTRUCTURE, "Container running", Set.of("home"), this::container);
    check("selkies", Layer.DATA_PLANE, "Selkies", Set.of("container"), this::selkies);
    check("password", Layer.DATA_PLANE, "Password", Set.of("selkies"), this::password);
    check("route", Layer.DATA_PLANE, "Route", Set.of("accepted"), this::route);
  }

  /** Runs a check, unless one that it needs has failed. */
  private void check(
      String name, Layer layer, String title, Set<String> needs, Supplier<Outcome> check) {
    Optional<KnownCause> blocker =
        blockers.entrySet().stream()
            .filter(entry -> needs.contains(entry.getKey()))
            .map(Map.Entry::getValue)
            .findFirst();
    if (blocker.isPresent()) {
      blockers.put(name, blocker.get());
      add(name, layer, title, Result.SKIPPED, GateMessage.BECAUSE_OF.text(blocker.get().code()));
      return;
    }
    switch (check.get()) {
      case Passed(String observed) -> add(name, layer, title, Result.PASSED, observed);
      case Skipped(String why) -> add(name, layer, title, Result.SKIPPED, why);
      case Failed(KnownCause cause, String observed) -> {
        if (!cause.isWarning()) {
          blockers.put(name, cause);
        }
        checks.add(
            new Check(
                name,
                layer,
                title,
                cause.isWarning() ? Result.WARNING : Result.FAILED,
                observed,
                Optional.of(CauseView.of(cause, parametersFor(cause)))));
      }
    }
  }

  private void add(String name, Layer layer, String title, Result result, String observed) {
    checks.add(new Check(name, layer, title, result, observed, Optional.empty()));
  }

  private Map<String, String> parametersFor(KnownCause cause) {
    Map<String, String> all = new HashMap<>(parameters);
    switch (cause) {
      case NODE_LOST, NODE_DRAINING ->
          pod.map(found -> found.spec().nodeName()).ifPresent(n -> all.put("name", n));
      case STORAGE_CLASS_MISSING, HOME_NOT_WRITABLE ->
          home.map(claim -> claim.spec().storageClassName())
              .filter(name -> !name.isEmpty())
              .ifPresent(name -> all.put("name", name));
      default -> all.put("name", session.name());
    }
    return Map.copyOf(all);
  }

  private Outcome namespace() {
    return watched.includes(session.namespace())
        ? new Passed((watched.isAll() ? GateMessage.ALL_WATCHED : GateMessage.WATCHED).text())
        : new Failed(KnownCause.NAMESPACE_NOT_WATCHED, GateMessage.NOT_WATCHED.text(watched));
  }

  private Outcome template() {
    String name = session.spec().template();
    if (template.isEmpty()) {
      return new Failed(KnownCause.TEMPLATE_MISSING, GateMessage.DOES_NOT_EXIST.text());
    }
    List<String> problems =
        Defaults.effectiveSpec(session.spec(), template.get().spec()).problems();
    return problems.isEmpty()
        ? new Passed(name)
        : new Failed(KnownCause.TEMPLATE_INVALID, String.join("; ", problems));
  }

  private Outcome observed() {
    VdiSession.Status status = session.status();
    if (status.currentPhase().isPresent()
        && status.observedGeneration() == session.metadata().generation()) {
      return new Passed(status.currentPhase().get().text());
    }
    Duration age = Duration.between(session.metadata().creationTimestamp(), now);
    return status.currentPhase().isEmpty() && age.compareTo(ExpectedTimes.FIRST_STATUS) > 0
        ? new Failed(KnownCause.RECONCILE_ERRORS, GateMessage.NO_STATUS.text(age.toSeconds()))
        : status.currentPhase().isEmpty()
            ? NOT_YET
            : new Skipped(GateMessage.NOT_RECONCILED.text());
  }

  private Outcome accepted() {
    VdiSession.Status status = session.status();
    Optional<Condition> failed = status.condition(Condition.FAILED).filter(Condition::isTrue);
    Optional<KnownCause> refusal =
        failed
            .or(() -> status.condition(Condition.READY).filter(ready -> pod.isEmpty()))
            .flatMap(condition -> CauseClassifier.ofRefusal(condition.reason(), status.message()));
    // After the pod is deleted only the status has its last problem.
    Optional<KnownCause> last =
        refusal.or(() ->
            pod.isEmpty() && !session.spec().suspended()
                ? KnownCause.ofTag(status.message())
                    .filter(cause -> StartSteps.stepOf(cause) != StepName.VOLUME)
                : Optional.empty());
    return last.<Outcome>map(cause -> new Failed(cause, StartSteps.withoutTag(status.message())))
        .orElse(new Passed(GateMessage.NONE_REFUSED.text()));
  }

  private Outcome quota() {
    return session
        .status()
        .condition(Condition.QUOTA_ADMITTED)
        .filter(condition -> !condition.isTrue())
        .<Outcome>map(waiting -> new Failed(KnownCause.SESSION_QUOTA, waiting.message()))
        .orElse(new Passed(GateMessage.ADMITTED.text()));
  }

  private Outcome volume() {
    if (home.isEmpty()) {
      return new Skipped(GateMessage.NO_CLAIM.text());
    }
    PersistentVolumeClaim claim = home.get();
    if (claim.isBound()) {
      return new Passed(GateMessage.BOUND.text(claim.capacity()));
    }
    Duration age = Duration.between(claim.metadata().creationTimestamp(), now);
    // With WaitForFirstConsumer the volume comes after the pod is scheduled.
    boolean placed = pod.filter(Pod::isScheduled).isPresent();
    return placed && age.compareTo(ExpectedTimes.PROVISIONING) > 0
        ? new Failed(
            KnownCause.VOLUME_NOT_PROVISIONED,
            GateMessage.CLAIM_PENDING.text(age.toSeconds(), claim.spec().storageClassName()))
        : NOT_YET;
  }

  private Outcome gpu() {
    return pod.flatMap(Pod::unschedulable)
        .filter(CauseClassifier::isAboutGpus)
        .<Outcome>map(message -> new Failed(CauseClassifier.ofUnschedulable(message), message))
        .orElse(new Passed(GateMessage.NO_GPU_WAIT.text()));
  }

  private Outcome placed() {
    if (session.spec().suspended()) {
      return new Skipped(GateMessage.IS_SUSPENDED.text());
    }
    if (pod.isEmpty()) {
      return new Skipped(GateMessage.NO_POD.text());
    }
    // The check of the volume reports a claim that is not bound.
    Optional<String> message =
        pod.get().unschedulable().filter(text -> !text.contains("PersistentVolumeClaim"));
    if (message.isPresent()) {
      return new Failed(KnownCause.NO_NODE_FITS, message.get());
    }
    return pod.get().isScheduled()
        ? new Passed(GateMessage.ON_NODE.text(pod.get().spec().nodeName()))
        : NOT_YET;
  }

  /** Nodes are not read; the controller reports one that is lost. */
  private Outcome node() {
    if (pod.filter(Pod::isScheduled).isEmpty()) {
      return NOT_YET;
    }
    if (KnownCause.ofTag(session.status().message()).equals(Optional.of(KnownCause.NODE_LOST))) {
      return new Failed(KnownCause.NODE_LOST, StartSteps.withoutTag(session.status().message()));
    }
    return session
        .status()
        .condition(Condition.NODE_DRAINING)
        .filter(Condition::isTrue)
        .<Outcome>map(drained -> new Failed(KnownCause.NODE_DRAINING, drained.message()))
        .orElseGet(() -> new Passed(pod.get().spec().nodeName()));
  }

  private Outcome withPod(Function<Pod, Outcome> check) {
    return pod.map(check).orElse(new Skipped(GateMessage.NO_POD.text()));
  }

  private Outcome finished() {
    return withPod(found ->
        found.isFinished()
            ? new Failed(
                CauseClassifier.ofFinished(found),
                (found.status().reason() + " " + found.status().message()).strip())
            : new Passed(found.status().phase()));
  }

  private Outcome image() {
    return withPod(found ->
        found.status().containerStatuses().stream()
            .flatMap(status -> status.waiting().stream())
            .filter(detail ->
                CauseClassifier.ofWaiting(detail).equals(Optional.of(KnownCause.IMAGE_NOT_PULLED)))
            .findFirst()
            .<Outcome>map(detail ->
                new Failed(
                    KnownCause.IMAGE_NOT_PULLED,
                    (detail.reason() + " " + detail.message()).strip()))
            .orElseGet(
                () -> found.hasMounted() ? new Passed(GateMessage.IMAGE_PRESENT.text()) : NOT_YET));
  }

  private Outcome home() {
    String path = template.map(VdiTemplate::spec).orElse(VdiTemplate.Spec.EMPTY).homePath();
    return withPod(found ->
        !found.hasMounted()
            ? NOT_YET
            : found.status().containerStatuses().stream()
                .flatMap(Pod.ContainerStatus::ends)
                .flatMap(end -> CauseClassifier.cannotWrite(end.message(), path).stream())
                .findFirst()
                .<Outcome>map(line -> new Failed(KnownCause.HOME_NOT_WRITABLE, line))
                .orElse(new Passed(GateMessage.NO_FAILED_WRITE.text())));
  }

  private Outcome container() {
    return withPod(found -> {
      if (!found.isReady()) {
        for (Pod.ContainerStatus status : found.status().containerStatuses()) {
          Optional<Pod.Detail> exit = status.exit();
          if (exit.isPresent()) {
            return new Failed(
                KnownCause.DESKTOP_CRASHES,
                GateMessage.CONTAINER_ENDED.text(
                    exit.get().exitCode(), exit.get().reason(), status.restartCount()));
          }
        }
      }
      return found.hasMounted() ? new Passed(GateMessage.CONTAINER_RUNS.text()) : NOT_YET;
    });
  }

  private Outcome selkies() {
    boolean timedOut =
        session
            .status()
            .condition(Condition.READY)
            .filter(ready -> ready.reason().equals(Condition.STARTUP_TIMEOUT))
            .isPresent();
    return withPod(found ->
        found.isReady()
            ? new Passed(GateMessage.SELKIES_ANSWERS.text())
            : timedOut
                ? new Failed(
                    KnownCause.SELKIES_SILENT, StartSteps.withoutTag(session.status().message()))
                : NOT_YET);
  }

  private Outcome password() {
    return session
        .status()
        .condition(Condition.READY)
        .filter(ready -> ready.reason().equals(Condition.CREDENTIALS_CHANGED))
        .<Outcome>map(ready ->
            new Failed(
                KnownCause.PASSWORD_REFUSED, StartSteps.withoutTag(session.status().message())))
        .orElseGet(() ->
            pod.filter(Pod::isReady).isPresent()
                ? new Passed(GateMessage.PASSWORD_UNCHANGED.text())
                : NOT_YET);
  }

  private Outcome route() {
    Optional<Condition> ready = session.status().condition(Condition.ROUTE_READY);
    return ready
        .<Outcome>map(condition ->
            condition.isTrue()
                ? new Passed(
                    session.status().url().isEmpty() ? condition.reason() : session.status().url())
                : new Failed(
                    condition.reason().equals("KindNotServed")
                        ? KnownCause.ROUTE_KIND_NOT_SERVED
                        : KnownCause.ofTag(condition.message()).orElse(KnownCause.ROUTE_MISSING),
                    StartSteps.withoutTag(condition.message())))
        .orElse(NOT_YET);
  }
}
