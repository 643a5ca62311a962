package io.vdi.operator.cli.doctor;

import com.google.gson.JsonObject;
import io.kubernetes.client.Exec;
import io.kubernetes.client.openapi.ApiException;
import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.cli.cluster.Json;
import io.vdi.operator.common.diagnosis.CauseClassifier;
import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.diagnosis.Layer;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceNames;
import io.vdi.operator.common.model.ResourceType;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** The desktop's pod and its home: placed, mounted, pulled, running, writable. */
final class WorkloadChecks {
  private static final Layer LAYER = Layer.INFRASTRUCTURE;
  private static final String DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class";
  private static final String SELECTED_NODE = "volume.kubernetes.io/selected-node";
  private static final Duration PROVISIONING = Duration.ofSeconds(30);
  private static final int LOG_LINES = 200;

  private WorkloadChecks() {}

  static List<Check<SessionContext>> checks() {
    Set<String> made = Set.of("accepted", "quota");
    return List.of(
        new Check<>("volume", LAYER, "Volume of the home", made, WorkloadChecks::volume),
        new Check<>(
            "gpu",
            LAYER,
            "GPUs free",
            with(made, "slicing", "capacity", "volume"),
            WorkloadChecks::gpu),
        new Check<>(
            "placed", LAYER, "Pod placed", with(made, "volume", "gpu"), WorkloadChecks::scheduled),
        new Check<>("pod", LAYER, "Pod lives", Set.of("placed"), WorkloadChecks::notFinished),
        new Check<>("mounted", LAYER, "Home mounted", Set.of("pod"), WorkloadChecks::mounted),
        new Check<>("image", LAYER, "Image pulled", Set.of("mounted"), WorkloadChecks::image),
        new Check<>("home", LAYER, "Home writable", Set.of("image"), WorkloadChecks::home),
        new Check<>(
            "container", LAYER, "Container stays", Set.of("home"), WorkloadChecks::container));
  }

  private static Set<String> with(Set<String> names, String... more) {
    Set<String> all = new HashSet<>(names);
    all.addAll(List.of(more));
    return all;
  }

  private static CheckResult volume(SessionContext context) {
    Optional<JsonObject> found =
        context.child(
            ResourceType.PERSISTENT_VOLUME_CLAIM,
            ResourceNames.persistentVolumeClaim(context.session().name()));
    if (found.isEmpty()) {
      return new CheckResult.Skipped("no claim: the home is not kept, or not made yet");
    }
    JsonObject claim = found.get();
    if (Json.text(claim, "status", "phase").equals("Bound")) {
      return new CheckResult.Passed("bound, " + Json.text(claim, "status", "capacity", "storage"));
    }
    String object = "persistentvolumeclaim " + Json.name(claim);
    String name = Json.text(claim, "spec", "storageClassName");
    List<JsonObject> classes = context.cluster().list("/apis/storage.k8s.io/v1/storageclasses");
    Optional<JsonObject> storageClass =
        classes.stream().filter(each -> Json.name(each).equals(name)).findFirst();
    if (name.isEmpty()
        && classes.stream()
            .noneMatch(
                each -> Json.text(each, "metadata", "annotations", DEFAULT_CLASS).equals("true"))) {
      return context.failed(
          KnownCause.STORAGE_CLASS_MISSING,
          object,
          "it names no class, and none is the default",
          "");
    }
    if (!name.isEmpty() && storageClass.isEmpty()) {
      return context.failed(
          KnownCause.STORAGE_CLASS_MISSING,
          object,
          "storage class " + name + " is not there",
          name);
    }
    List<JsonObject> events = context.events(claim);
    Optional<String> refused =
        events.stream()
            .filter(event -> Json.text(event, "reason").equals("ProvisioningFailed"))
            .map(event -> Json.text(event, "message"))
            .findFirst();
    boolean waitsForPod =
        storageClass
                .map(each -> Json.text(each, "volumeBindingMode"))
                .equals(Optional.of("WaitForFirstConsumer"))
            && Json.text(claim, "metadata", "annotations", SELECTED_NODE).isEmpty();
    Duration age =
        Duration.between(
            Instant.parse(Json.text(claim, "metadata", "creationTimestamp")),
            context.cluster().serverTime());
    if (refused.isPresent() || (!waitsForPod && age.compareTo(PROVISIONING) > 0)) {
      return context.failed(
          KnownCause.VOLUME_NOT_PROVISIONED,
          object,
          refused.orElse("Pending for " + age.toSeconds() + " s, class " + name));
    }
    return new CheckResult.Skipped(
        waitsForPod ? "made when the pod is placed" : "being made since " + age.toSeconds() + " s");
  }

  private static Optional<String> unschedulable(SessionContext context) {
    return context
        .pod()
        .map(SessionContext::asPod)
        .filter(pod -> !pod.isScheduled())
        .flatMap(pod -> Condition.find(pod.status().conditions(), "PodScheduled"))
        .filter(condition -> !condition.isTrue())
        .map(Condition::message);
  }

  private static CheckResult gpu(SessionContext context) {
    Optional<String> words =
        unschedulable(context)
            .filter(text -> CauseClassifier.ofUnschedulable(text) == KnownCause.GPU_EXHAUSTED);
    return words.isPresent()
        ? context.failed(KnownCause.GPU_EXHAUSTED, pod(context), words.get())
        : new CheckResult.Passed("no lack of them");
  }

  private static CheckResult scheduled(SessionContext context) {
    if (context.session().spec().suspended()) {
      return new CheckResult.Skipped("the session is suspended");
    }
    Optional<JsonObject> pod = context.pod();
    if (pod.isEmpty()) {
      return SessionContext.NO_POD;
    }
    Optional<String> words =
        unschedulable(context).filter(text -> !text.contains("PersistentVolumeClaim"));
    if (words.isPresent()) {
      return context.failed(KnownCause.NO_NODE_FITS, pod(context), words.get());
    }
    String node = Json.text(pod.get(), "spec", "nodeName");
    return node.isEmpty()
        ? new CheckResult.Skipped("not yet")
        : new CheckResult.Passed("on node " + node);
  }

  private static CheckResult notFinished(SessionContext context) {
    Optional<Pod> pod = context.pod().map(SessionContext::asPod);
    if (pod.isEmpty()) {
      return SessionContext.NO_POD;
    }
    Pod.Status status = pod.get().status();
    return pod.get().isFinished()
        ? context.failed(
            CauseClassifier.ofFinished(pod.get()),
            pod(context),
            (status.reason() + " " + status.message()).strip())
        : new CheckResult.Passed(status.phase());
  }

  private static CheckResult mounted(SessionContext context) {
    Optional<JsonObject> pod = context.pod();
    if (pod.isEmpty()) {
      return SessionContext.NO_POD;
    }
    if (hasStarted(SessionContext.asPod(pod.get()))) {
      return new CheckResult.Passed("at " + context.templateSpec().homePath());
    }
    return context.events(pod.get()).stream()
        .filter(event ->
            Set.of("FailedMount", "FailedAttachVolume").contains(Json.text(event, "reason")))
        .findFirst()
        .map(event ->
            context.failed(
                KnownCause.VOLUME_NOT_MOUNTED, pod(context), Json.text(event, "message")))
        .orElse(new CheckResult.Skipped("not yet"));
  }

  private static boolean hasStarted(Pod pod) {
    return pod.status().containerStatuses().stream()
        .anyMatch(status ->
            status.state().waiting() == null
                || !status.state().waiting().reason().equals("ContainerCreating"));
  }

  private static Optional<Pod.Detail> waiting(Pod pod) {
    return pod.status().containerStatuses().stream()
        .flatMap(status -> Optional.ofNullable(status.state().waiting()).stream())
        .findFirst();
  }

  private static CheckResult image(SessionContext context) {
    Optional<Pod> pod = context.pod().map(SessionContext::asPod);
    if (pod.isEmpty()) {
      return SessionContext.NO_POD;
    }
    return waiting(pod.get())
        .filter(detail ->
            CauseClassifier.ofWaiting(detail).equals(Optional.of(KnownCause.IMAGE_NOT_PULLED)))
        .map(detail ->
            context.failed(
                KnownCause.IMAGE_NOT_PULLED,
                pod(context),
                detail.reason() + " " + detail.message()))
        .orElseGet(() ->
            hasStarted(pod.get())
                ? new CheckResult.Passed("is on the node")
                : new CheckResult.Skipped("not yet"));
  }

  /** By what the desktop itself writes; with {@code --probe} by asking it. */
  private static CheckResult home(SessionContext context) {
    Optional<Pod> pod = context.pod().map(SessionContext::asPod);
    if (pod.isEmpty()) {
      return SessionContext.NO_POD;
    }
    if (!hasStarted(pod.get())) {
      return new CheckResult.Skipped("not yet");
    }
    String home = context.templateSpec().homePath();
    Optional<String> told =
        pod.get().status().containerStatuses().stream()
            .flatMap(status -> Optional.ofNullable(status.lastState().terminated()).stream())
            .flatMap(detail -> CauseClassifier.cannotWrite(detail.message(), home).stream())
            .findFirst();
    if (told.isEmpty() && context.doctor().probe()) {
      return mayWrite(context, home)
          ? new CheckResult.Passed("written to")
          : unwritable(context, "test -w " + home + " says no");
    }
    if (told.isEmpty()) {
      told =
          CauseClassifier.cannotWrite(
              context.cluster().podLog(context.namespace(), context.session().name(), LOG_LINES),
              home);
    }
    return told.map(line -> unwritable(context, line))
        .orElse(new CheckResult.Passed("no complaint in its log"));
  }

  private static CheckResult unwritable(SessionContext context, String seen) {
    String storageClass =
        context
            .child(
                ResourceType.PERSISTENT_VOLUME_CLAIM,
                ResourceNames.persistentVolumeClaim(context.session().name()))
            .map(claim -> Json.text(claim, "spec", "storageClassName"))
            .orElse("");
    return context.failed(KnownCause.HOME_NOT_WRITABLE, pod(context), seen, storageClass);
  }

  private static boolean mayWrite(SessionContext context, String home) {
    try {
      Process test =
          new Exec(context.cluster().api().streamingClient())
              .exec(
                  context.namespace(),
                  context.session().name(),
                  new String[] {"test", "-w", home},
                  "selkies",
                  false,
                  false);
      if (!test.waitFor(5, TimeUnit.SECONDS)) {
        test.destroy();
        throw new CliException(0, "the desktop did not answer within 5 s");
      }
      return test.exitValue() == 0;
    } catch (ApiException | IOException e) {
      throw new CliException(0, "no program can be run in the desktop: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CliException(0, "interrupted");
    }
  }

  private static CheckResult container(SessionContext context) {
    Optional<Pod> pod = context.pod().map(SessionContext::asPod);
    if (pod.isEmpty()) {
      return SessionContext.NO_POD;
    }
    for (Pod.ContainerStatus status : pod.get().status().containerStatuses()) {
      Pod.Detail ended = status.state().terminated();
      Pod.Detail before = ended == null ? status.lastState().terminated() : ended;
      boolean ready = pod.get().isReady();
      if (!ready && before != null && status.restartCount() + (ended == null ? 0 : 1) > 0) {
        return context.failed(
            KnownCause.DESKTOP_CRASHES,
            pod(context),
            "ended with exit code "
                + before.exitCode()
                + " ("
                + before.reason()
                + "), restarted "
                + status.restartCount()
                + " times"
                + lastLine(before.message()));
      }
    }
    return hasStarted(pod.get())
        ? new CheckResult.Passed("running")
        : new CheckResult.Skipped("not yet");
  }

  private static String lastLine(String log) {
    return log.lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty())
        .reduce((first, second) -> second)
        .map(line -> ": " + line)
        .orElse("");
  }

  static String pod(SessionContext context) {
    return "pod " + context.session().name();
  }
}
