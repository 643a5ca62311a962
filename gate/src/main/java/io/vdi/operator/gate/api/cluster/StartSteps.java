package io.vdi.operator.gate.api.cluster;

import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.gate.api.CauseView;
import io.vdi.operator.gate.api.StartStep;
import io.vdi.operator.gate.api.StepName;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Pure: how far the start of a desktop is, from the conditions of the session and its pod. */
final class StartSteps {
  private final VdiSession session;
  private final Optional<Pod> pod;
  private final Optional<KnownCause> cause;
  private final String message;
  private final Map<String, String> parameters;

  /**
   * @param cause why the session does not work
   * @param message of the status, without the code of the cause
   * @param parameters of the command of the remedy
   */
  StartSteps(
      VdiSession session,
      Optional<Pod> pod,
      Optional<KnownCause> cause,
      String message,
      Map<String, String> parameters) {
    this.session = session;
    this.pod = pod;
    this.cause = cause;
    this.message = message;
    this.parameters = parameters;
  }

  List<StartStep> list() {
    StepName current = current();
    boolean failed = session.status().is(Phase.FAILED);
    List<StartStep> steps = new ArrayList<>();
    for (StepName name : StepName.values()) {
      boolean isCurrent = name == current && !isRunning();
      StartStep.State state =
          isCurrent && failed
              ? StartStep.State.FAILED
              : isDone(name) && !isCurrent
                  ? StartStep.State.DONE
                  : isCurrent || isPossible(name)
                      ? StartStep.State.ACTIVE
                      : StartStep.State.WAITING;
      steps.add(
          new StartStep(
              name,
              state,
              state == StartStep.State.DONE || state == StartStep.State.WAITING
                  ? ""
                  : isCurrent && !message.isEmpty() ? message : detail(name),
              isCurrent ? cause.map(known -> CauseView.of(known, parameters)) : Optional.empty()));
    }
    return List.copyOf(steps);
  }

  private boolean isRunning() {
    return session.status().is(Phase.RUNNING);
  }

  /** The step that the known cause concerns, else the first one that is not done. */
  private StepName current() {
    return cause
        .map(StartSteps::stepOf)
        .filter(step -> !isRunning())
        .orElseGet(() ->
            Arrays.stream(StepName.values())
                .filter(step -> !isDone(step))
                .findFirst()
                .orElse(StepName.DESKTOP));
  }

  /** Whether nothing that the step depends on is missing. */
  private boolean isPossible(StepName name) {
    return switch (name) {
      case PLACE, VOLUME -> true;
      case IMAGE -> isDone(StepName.PLACE) && isDone(StepName.VOLUME);
      case DESKTOP -> isDone(StepName.IMAGE);
      case ROUTE -> false;
    };
  }

  private boolean isDone(StepName name) {
    return (isRunning() && name != StepName.ROUTE)
        || switch (name) {
          case PLACE -> isTrue(Condition.POD_SCHEDULED);
          case VOLUME -> isTrue(Condition.STORAGE_READY);
          case IMAGE -> pod.filter(StartSteps::hasImage).isPresent();
          case DESKTOP -> pod.filter(Pod::isReady).isPresent();
          case ROUTE -> isTrue(Condition.ROUTE_READY) && !session.status().url().isEmpty();
        };
  }

  private boolean isTrue(String condition) {
    return session.status().condition(condition).filter(Condition::isTrue).isPresent();
  }

  /** The kubelet has pulled the image when a container waits for nothing that comes before. */
  private static boolean hasImage(Pod pod) {
    return pod.isScheduled()
        && pod.status().containerStatuses().stream()
            .map(Pod.ContainerStatus::waiting)
            .anyMatch(waiting ->
                waiting.filter(detail -> !detail.reason().equals("CrashLoopBackOff")).isEmpty());
  }

  private String detail(StepName name) {
    return switch (name) {
      case PLACE -> conditionMessage(Condition.POD_SCHEDULED);
      case VOLUME -> conditionMessage(Condition.STORAGE_READY);
      case ROUTE -> conditionMessage(Condition.ROUTE_READY);
      case IMAGE, DESKTOP -> "";
    };
  }

  private String conditionMessage(String type) {
    return session
        .status()
        .condition(type)
        .filter(condition -> !condition.isTrue())
        .map(condition -> withoutTag(condition.message()))
        .orElse("");
  }

  /** The message without the code of a cause at its end. */
  static String withoutTag(String message) {
    return KnownCause.ofTag(message)
        .map(cause -> message.substring(0, message.length() - cause.tag().length()).strip())
        .orElse(message);
  }

  /** In which step a cause shows. */
  static StepName stepOf(KnownCause cause) {
    return switch (cause) {
      case STORAGE_CLASS_MISSING, VOLUME_NOT_PROVISIONED, VOLUME_NOT_MOUNTED -> StepName.VOLUME;
      case IMAGE_NOT_PULLED -> StepName.IMAGE;
      case HOME_NOT_WRITABLE,
          DESKTOP_CRASHES,
          SELKIES_SILENT,
          PASSWORD_REFUSED,
          NO_ENDPOINTS,
          NETWORK_OPEN ->
          StepName.DESKTOP;
      case ROUTE_KIND_NOT_SERVED,
          ROUTE_MISSING,
          ROUTE_ENTRY_POINT,
          ROUTE_CERTIFICATE_RESOLVER,
          ROUTE_MIDDLEWARE,
          HOST_NOT_RESOLVED,
          ROUTER_UNREACHABLE,
          ROUTER_WITHOUT_ROUTE,
          DESKTOP_UNPROTECTED,
          CERTIFICATE_UNTRUSTED,
          WEBSOCKET_BLOCKED,
          TURN_UNREACHABLE,
          TURN_REFUSED,
          CLOCKS_APART ->
          StepName.ROUTE;
      default -> StepName.PLACE;
    };
  }
}
