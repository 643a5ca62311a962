package io.vdi.operator.cli.doctor;

import com.google.gson.JsonObject;
import io.kubernetes.client.Exec;
import io.kubernetes.client.openapi.ApiException;
import io.vdi.operator.cli.cluster.Json;
import io.vdi.operator.cli.cluster.NotSeen;
import io.vdi.operator.common.causes.Cause;
import io.vdi.operator.common.causes.Layer;
import io.vdi.operator.common.causes.Symptoms;
import io.vdi.operator.common.kube.Kind;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Names;
import io.vdi.operator.common.model.Pod;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** The desktop's pod and its home: placed, mounted, pulled, running, writable. */
final class Workload {
  private static final Layer LAYER = Layer.INFRASTRUCTURE;
  private static final String DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class";
  private static final String SELECTED_NODE = "volume.kubernetes.io/selected-node";
  private static final Duration PROVISIONING = Duration.ofSeconds(30);
  private static final int LOG_LINES = 200;

  private Workload() {}

  static List<Check<Patient>> checks() {
    Set<String> made = Set.of("accepted", "quota");
    return List.of(
        new Check<>("volume", LAYER, "Volume of the home", made, Workload::volume),
        new Check<>(
            "gpu", LAYER, "GPUs free", with(made, "slicing", "capacity", "volume"), Workload::gpu),
        new Check<>("placed", LAYER, "Pod placed", with(made, "volume", "gpu"), Workload::placed),
        new Check<>("pod", LAYER, "Pod lives", Set.of("placed"), Workload::lives),
        new Check<>("mounted", LAYER, "Home mounted", Set.of("pod"), Workload::mounted),
        new Check<>("image", LAYER, "Image pulled", Set.of("mounted"), Workload::image),
        new Check<>("home", LAYER, "Home writable", Set.of("image"), Workload::home),
        new Check<>("container", LAYER, "Container stays", Set.of("home"), Workload::container));
  }

  private static Set<String> with(Set<String> names, String... more) {
    Set<String> all = new HashSet<>(names);
    all.addAll(List.of(more));
    return all;
  }

  private static Answer volume(Patient patient) {
    Optional<JsonObject> found =
        patient.own(Kind.VOLUME_CLAIM, Names.volumeClaim(patient.session().name()));
    if (found.isEmpty()) {
      return new Answer.Skipped("no claim: the home is not kept, or not made yet");
    }
    JsonObject claim = found.get();
    if (Json.text(claim, "status", "phase").equals("Bound")) {
      return new Answer.Fine("bound, " + Json.text(claim, "status", "capacity", "storage"));
    }
    String object = "persistentvolumeclaim " + Json.name(claim);
    String name = Json.text(claim, "spec", "storageClassName");
    List<JsonObject> classes = patient.cluster().list("/apis/storage.k8s.io/v1/storageclasses");
    Optional<JsonObject> storageClass =
        classes.stream().filter(each -> Json.name(each).equals(name)).findFirst();
    if (name.isEmpty()
        && classes.stream()
            .noneMatch(
                each -> Json.text(each, "metadata", "annotations", DEFAULT_CLASS).equals("true"))) {
      return patient.found(
          Cause.STORAGE_CLASS_MISSING, object, "it names no class, and none is the default", "");
    }
    if (!name.isEmpty() && storageClass.isEmpty()) {
      return patient.found(
          Cause.STORAGE_CLASS_MISSING, object, "storage class " + name + " is not there", name);
    }
    List<JsonObject> events = patient.events(claim);
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
            patient.cluster().time());
    if (refused.isPresent() || (!waitsForPod && age.compareTo(PROVISIONING) > 0)) {
      return patient.found(
          Cause.VOLUME_NOT_PROVISIONED,
          object,
          refused.orElse("Pending for " + age.toSeconds() + " s, class " + name));
    }
    return new Answer.Skipped(
        waitsForPod ? "made when the pod is placed" : "being made since " + age.toSeconds() + " s");
  }

  private static Optional<String> unschedulable(Patient patient) {
    return patient
        .pod()
        .map(Patient::asPod)
        .filter(pod -> !pod.isPlaced())
        .flatMap(pod -> Condition.find(pod.status().conditions(), "PodScheduled"))
        .filter(condition -> !condition.isTrue())
        .map(Condition::message);
  }

  private static Answer gpu(Patient patient) {
    Optional<String> words =
        unschedulable(patient)
            .filter(text -> Symptoms.ofUnschedulable(text) == Cause.GPU_EXHAUSTED);
    return words.isPresent()
        ? patient.found(Cause.GPU_EXHAUSTED, pod(patient), words.get())
        : new Answer.Fine("no lack of them");
  }

  private static Answer placed(Patient patient) {
    if (patient.session().spec().suspended()) {
      return new Answer.Skipped("the session is suspended");
    }
    Optional<JsonObject> pod = patient.pod();
    if (pod.isEmpty()) {
      return Patient.NO_POD;
    }
    Optional<String> words =
        unschedulable(patient).filter(text -> !text.contains("PersistentVolumeClaim"));
    if (words.isPresent()) {
      return patient.found(Cause.NO_NODE_FITS, pod(patient), words.get());
    }
    String node = Json.text(pod.get(), "spec", "nodeName");
    return node.isEmpty() ? new Answer.Skipped("not yet") : new Answer.Fine("on node " + node);
  }

  private static Answer lives(Patient patient) {
    Optional<Pod> pod = patient.pod().map(Patient::asPod);
    if (pod.isEmpty()) {
      return Patient.NO_POD;
    }
    Pod.Status status = pod.get().status();
    return pod.get().isFinished()
        ? patient.found(
            Symptoms.ofFinished(pod.get()),
            pod(patient),
            (status.reason() + " " + status.message()).strip())
        : new Answer.Fine(status.phase());
  }

  private static Answer mounted(Patient patient) {
    Optional<JsonObject> pod = patient.pod();
    if (pod.isEmpty()) {
      return Patient.NO_POD;
    }
    if (hasStarted(Patient.asPod(pod.get()))) {
      return new Answer.Fine("at " + patient.templateSpec().homePath());
    }
    return patient.events(pod.get()).stream()
        .filter(event ->
            Set.of("FailedMount", "FailedAttachVolume").contains(Json.text(event, "reason")))
        .findFirst()
        .map(event ->
            patient.found(Cause.VOLUME_NOT_MOUNTED, pod(patient), Json.text(event, "message")))
        .orElse(new Answer.Skipped("not yet"));
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

  private static Answer image(Patient patient) {
    Optional<Pod> pod = patient.pod().map(Patient::asPod);
    if (pod.isEmpty()) {
      return Patient.NO_POD;
    }
    return waiting(pod.get())
        .filter(detail -> Symptoms.ofWaiting(detail).equals(Optional.of(Cause.IMAGE_NOT_PULLED)))
        .map(detail ->
            patient.found(
                Cause.IMAGE_NOT_PULLED, pod(patient), detail.reason() + " " + detail.message()))
        .orElseGet(() ->
            hasStarted(pod.get())
                ? new Answer.Fine("is on the node")
                : new Answer.Skipped("not yet"));
  }

  /** By what the desktop itself writes; with {@code --probe} by asking it. */
  private static Answer home(Patient patient) {
    Optional<Pod> pod = patient.pod().map(Patient::asPod);
    if (pod.isEmpty()) {
      return Patient.NO_POD;
    }
    if (!hasStarted(pod.get())) {
      return new Answer.Skipped("not yet");
    }
    String home = patient.templateSpec().homePath();
    Optional<String> told =
        pod.get().status().containerStatuses().stream()
            .flatMap(status -> Optional.ofNullable(status.lastState().terminated()).stream())
            .flatMap(detail -> Symptoms.cannotWrite(detail.message(), home).stream())
            .findFirst();
    if (told.isEmpty() && patient.examination().probe()) {
      return mayWrite(patient, home)
          ? new Answer.Fine("written to")
          : unwritable(patient, "test -w " + home + " says no");
    }
    if (told.isEmpty()) {
      told =
          Symptoms.cannotWrite(
              patient.cluster().log(patient.namespace(), patient.session().name(), LOG_LINES),
              home);
    }
    return told.map(line -> unwritable(patient, line))
        .orElse(new Answer.Fine("no complaint in its log"));
  }

  private static Answer unwritable(Patient patient, String seen) {
    String storageClass =
        patient
            .own(Kind.VOLUME_CLAIM, Names.volumeClaim(patient.session().name()))
            .map(claim -> Json.text(claim, "spec", "storageClassName"))
            .orElse("");
    return patient.found(Cause.HOME_NOT_WRITABLE, pod(patient), seen, storageClass);
  }

  private static boolean mayWrite(Patient patient, String home) {
    try {
      Process test =
          new Exec(patient.cluster().api().streams())
              .exec(
                  patient.namespace(),
                  patient.session().name(),
                  new String[] {"test", "-w", home},
                  "selkies",
                  false,
                  false);
      if (!test.waitFor(5, TimeUnit.SECONDS)) {
        test.destroy();
        throw new NotSeen(0, "the desktop did not answer within 5 s");
      }
      return test.exitValue() == 0;
    } catch (ApiException | IOException e) {
      throw new NotSeen(0, "no program can be run in the desktop: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new NotSeen(0, "interrupted");
    }
  }

  private static Answer container(Patient patient) {
    Optional<Pod> pod = patient.pod().map(Patient::asPod);
    if (pod.isEmpty()) {
      return Patient.NO_POD;
    }
    for (Pod.ContainerStatus status : pod.get().status().containerStatuses()) {
      Pod.Detail ended = status.state().terminated();
      Pod.Detail before = ended == null ? status.lastState().terminated() : ended;
      boolean ready = pod.get().isReady();
      if (!ready && before != null && status.restartCount() + (ended == null ? 0 : 1) > 0) {
        return patient.found(
            Cause.DESKTOP_CRASHES,
            pod(patient),
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
    return hasStarted(pod.get()) ? new Answer.Fine("running") : new Answer.Skipped("not yet");
  }

  private static String lastLine(String log) {
    return log.lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty())
        .reduce((first, second) -> second)
        .map(line -> ": " + line)
        .orElse("");
  }

  static String pod(Patient patient) {
    return "pod " + patient.session().name();
  }
}
