package io.vdi.operator.cli.doctor;

import static io.vdi.operator.cli.doctor.SessionContext.onPod;

import com.google.gson.JsonObject;
import io.vdi.operator.cli.cluster.Json;
import io.vdi.operator.common.diagnosis.CauseClassifier;
import io.vdi.operator.common.diagnosis.ExpectedTimes;
import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.diagnosis.Layer;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Node;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceNames;
import io.vdi.operator.common.model.ResourceType;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The desktop's pod and its home: scheduling, mounting, image, container. */
final class WorkloadChecks {
  private static final Layer LAYER = Layer.INFRASTRUCTURE;
  private static final String DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class";
  private static final String SELECTED_NODE = "volume.kubernetes.io/selected-node";
  private static final int LOG_LINES = 200;

  private static final CheckResult NOT_YET = new CheckResult.Skipped("not yet");

  private WorkloadChecks() {}

  static List<Check<SessionContext>> checks() {
    return List.of(
        new Check<>(
            "volume",
            LAYER,
            "Volume of the home",
            Set.of("accepted", "quota"),
            WorkloadChecks::volume),
        new Check<>(
            "gpu",
            LAYER,
            "Free GPUs",
            Set.of("accepted", "quota", "slicing", "capacity", "volume"),
            WorkloadChecks::gpu),
        new Check<>(
            "placed",
            LAYER,
            "Pod scheduled",
            Set.of("accepted", "quota", "volume", "gpu"),
            WorkloadChecks::scheduled),
        new Check<>("node", LAYER, "Node ready", Set.of("accepted"), WorkloadChecks::nodeReady),
        new Check<>(
            "pod",
            LAYER,
            "Pod not failed",
            Set.of("placed", "node"),
            onPod(WorkloadChecks::notFinished)),
        new Check<>(
            "mounted", LAYER, "Home mounted", Set.of("pod"), onPod(WorkloadChecks::mounted)),
        new Check<>(
            "image", LAYER, "Image pulled", Set.of("mounted"), onPod(WorkloadChecks::image)),
        new Check<>("home", LAYER, "Home writable", Set.of("image"), onPod(WorkloadChecks::home)),
        new Check<>(
            "container",
            LAYER,
            "Container running",
            Set.of("home"),
            onPod(WorkloadChecks::container)));
  }

  static String podName(SessionContext context) {
    return "pod " + context.name();
  }

  private static Optional<JsonObject> claim(SessionContext context) {
    return context.child(
        ResourceType.PERSISTENT_VOLUME_CLAIM, ResourceNames.persistentVolumeClaim(context.name()));
  }

  private static CheckResult volume(SessionContext context) {
    Optional<JsonObject> found = claim(context);
    if (found.isEmpty()) {
      return new CheckResult.Skipped("no claim: persistence is off, or it is not created yet");
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
    if (name.isEmpty() && classes.stream().noneMatch(WorkloadChecks::isDefault)) {
      return context.failed(
          KnownCause.STORAGE_CLASS_MISSING,
          object,
          "it has no storage class, and the cluster has no default",
          "");
    }
    if (!name.isEmpty() && storageClass.isEmpty()) {
      return context.failed(
          KnownCause.STORAGE_CLASS_MISSING,
          object,
          "storage class " + name + " does not exist",
          name);
    }
    Optional<String> rejected =
        context.events(Json.text(claim, "metadata", "uid")).stream()
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
    if (rejected.isPresent() || (!waitsForPod && age.compareTo(ExpectedTimes.PROVISIONING) > 0)) {
      return context.failed(
          KnownCause.VOLUME_NOT_PROVISIONED,
          object,
          rejected.orElse("Pending for " + age.toSeconds() + " s, storage class " + name));
    }
    return new CheckResult.Skipped(
        waitsForPod
            ? "provisioned after the pod is scheduled"
            : "provisioning since " + age.toSeconds() + " s");
  }

  private static boolean isDefault(JsonObject storageClass) {
    return Json.text(storageClass, "metadata", "annotations", DEFAULT_CLASS).equals("true");
  }

  private static CheckResult gpu(SessionContext context) {
    return context
        .pod()
        .flatMap(Pod::unschedulable)
        .filter(CauseClassifier::isAboutGpus)
        .map(message ->
            context.failed(CauseClassifier.ofUnschedulable(message), podName(context), message))
        .orElse(new CheckResult.Passed("the pod does not wait for a GPU"));
  }

  private static CheckResult scheduled(SessionContext context) {
    if (context.session().spec().suspended()) {
      return new CheckResult.Skipped("the session is suspended");
    }
    Optional<Pod> pod = context.pod();
    if (pod.isEmpty()) {
      return SessionContext.NO_POD;
    }
    // The check of the volume reports a claim that is not bound.
    Optional<String> message =
        pod.get().unschedulable().filter(text -> !text.contains("PersistentVolumeClaim"));
    if (message.isPresent()) {
      return context.failed(KnownCause.NO_NODE_FITS, podName(context), message.get());
    }
    return pod.get().isScheduled()
        ? new CheckResult.Passed("on node " + pod.get().spec().nodeName())
        : NOT_YET;
  }

  /** Also of a pod that is being deleted: on a lost node it stays. */
  private static CheckResult nodeReady(SessionContext context) {
    Optional<Pod> pod =
        context.cluster().get(ResourceType.POD, context.namespace(), context.name());
    if (pod.isEmpty()) {
      return SessionContext.NO_POD;
    }
    if (!pod.get().isScheduled()) {
      return NOT_YET;
    }
    String name = pod.get().spec().nodeName();
    Optional<Node> node = context.cluster().get(ResourceType.NODE, "", name);
    return node.flatMap(Node::notReadySince)
        .map(since ->
            context.failed(
                KnownCause.NODE_LOST, podName(context), name + " is NotReady since " + since, name))
        .or(() ->
            node.flatMap(Node::drain)
                .filter(any -> !context.session().spec().suspended())
                .map(any ->
                    context.failed(
                        KnownCause.NODE_DRAINING, podName(context), draining(context, name), name)))
        .orElseGet(() -> new CheckResult.Passed(node.isPresent() ? name : "no node " + name));
  }

  /** The message of the controller says when the desktop stops, or why it stays. */
  private static String draining(SessionContext context, String node) {
    return context
        .session()
        .status()
        .condition(Condition.NODE_DRAINING)
        .map(Condition::message)
        .orElse("node " + node + " is being drained");
  }

  private static CheckResult notFinished(SessionContext context, Pod pod) {
    Pod.Status status = pod.status();
    return pod.isFinished()
        ? context.failed(
            CauseClassifier.ofFinished(pod),
            podName(context),
            (status.reason() + " " + status.message()).strip())
        : new CheckResult.Passed(status.phase());
  }

  private static CheckResult mounted(SessionContext context, Pod pod) {
    if (pod.hasMounted()) {
      return new CheckResult.Passed("at " + context.templateSpec().homePath());
    }
    return context.events(pod.uid()).stream()
        .filter(event ->
            Set.of("FailedMount", "FailedAttachVolume").contains(Json.text(event, "reason")))
        .findFirst()
        .map(event ->
            context.failed(
                KnownCause.VOLUME_NOT_MOUNTED, podName(context), Json.text(event, "message")))
        .orElse(NOT_YET);
  }

  private static CheckResult image(SessionContext context, Pod pod) {
    return pod.status().containerStatuses().stream()
        .flatMap(status -> status.waiting().stream())
        .findFirst()
        .filter(detail ->
            CauseClassifier.ofWaiting(detail).equals(Optional.of(KnownCause.IMAGE_NOT_PULLED)))
        .map(detail ->
            context.failed(
                KnownCause.IMAGE_NOT_PULLED,
                podName(context),
                detail.reason() + " " + detail.message()))
        .orElseGet(
            () -> pod.hasMounted() ? new CheckResult.Passed("the image is on the node") : NOT_YET);
  }

  /**
   * Looks for a failed write in the last exit message. With {@code --probe} it runs {@code test -w}
   * in the desktop, else it reads the log.
   */
  private static CheckResult home(SessionContext context, Pod pod) {
    if (!pod.hasMounted()) {
      return NOT_YET;
    }
    String home = context.templateSpec().homePath();
    Optional<String> failedWrite =
        pod.status().containerStatuses().stream()
            .flatMap(status -> Optional.ofNullable(status.lastState().terminated()).stream())
            .flatMap(detail -> CauseClassifier.cannotWrite(detail.message(), home).stream())
            .findFirst();
    if (failedWrite.isPresent()) {
      return notWritable(context, failedWrite.get());
    }
    if (context.doctor().probe()) {
      return testWrite(context, home)
          ? new CheckResult.Passed("test -w " + home + " succeeds")
          : notWritable(context, "test -w " + home + " fails");
    }
    String log = context.cluster().podLog(context.namespace(), context.name(), LOG_LINES);
    return CauseClassifier.cannotWrite(log, home)
        .map(line -> notWritable(context, line))
        .orElse(new CheckResult.Passed("no failed write in the log"));
  }

  private static CheckResult notWritable(SessionContext context, String observed) {
    String storageClass =
        claim(context).map(claim -> Json.text(claim, "spec", "storageClassName")).orElse("");
    return context.failed(KnownCause.HOME_NOT_WRITABLE, podName(context), observed, storageClass);
  }

  private static boolean testWrite(SessionContext context, String home) {
    int exitCode = DesktopProgram.run(context, "test", "-w", home);
    return switch (exitCode) {
      case 0 -> true;
      case 1 -> false;
      default -> throw DesktopProgram.failed(exitCode);
    };
  }

  private static CheckResult container(SessionContext context, Pod pod) {
    if (!pod.isReady()) {
      for (Pod.ContainerStatus status : pod.status().containerStatuses()) {
        Optional<Pod.Detail> exit = status.exit();
        if (exit.isPresent()) {
          return context.failed(
              KnownCause.DESKTOP_CRASHES,
              podName(context),
              "exit code "
                  + exit.get().exitCode()
                  + " ("
                  + exit.get().reason()
                  + "), "
                  + status.restartCount()
                  + " restarts"
                  + lastLine(exit.get().message()));
        }
      }
    }
    return pod.hasMounted() ? new CheckResult.Passed("running") : NOT_YET;
  }

  private static String lastLine(String log) {
    return log.lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty())
        .reduce((first, second) -> second)
        .map(line -> ": " + line)
        .orElse("");
  }
}
