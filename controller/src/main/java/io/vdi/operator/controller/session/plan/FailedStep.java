package io.vdi.operator.controller.session.plan;

import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.ChildKind;
import java.util.List;
import java.util.Optional;

/** A step of a plan that could not be executed. */
public record FailedStep(Step step, ApiFailure failure) {
  /** Whether one of the failures does not let the step be executed. */
  public static boolean anyBlocks(List<FailedStep> failures, Step step) {
    return failures.stream().anyMatch(failed -> failed.blocks(step));
  }

  /** Whether the other step must not be executed. */
  private boolean blocks(Step other) {
    return switch (other.order()) {
      case STOP, FINALIZER -> false;
      case GUARD -> step.order() == Step.Order.FINALIZER;
      case DEPENDENCY -> step.order() == Step.Order.FINALIZER || blocksRoute(other);
      case OPTIONAL -> blocksRoute(other);
      case POD -> blocksPod();
      // Otherwise access would be given to a foreign Secret, or by a foreign Role.
      case ACCESS -> blocksAccess();
      case GRANT -> blocksAccess() || concerns(ChildKind.ROLE);
      case RELEASE -> step.order() == Step.Order.STOP;
    };
  }

  /**
   * The pod waits for what it mounts, and for the NetworkPolicy, without which it could reach every
   * other pod. A name that is taken fails the session.
   */
  private boolean blocksPod() {
    return switch (step.order()) {
      case FINALIZER -> true;
      case STOP -> concerns(ChildKind.POD);
      case DEPENDENCY ->
          step.action() instanceof Action.CreateSecret
              || (step.action() instanceof Action.Create && concerns(ChildKind.HOME))
              || concerns(ChildKind.GPU_CLAIM)
              || (step.action() instanceof Action.ApplyShared policy && policy.current().isEmpty())
              || failure.reason().equals(Ownership.FOREIGN_OBJECT);
      case GUARD, POD, OPTIONAL, ACCESS, GRANT, RELEASE -> false;
    };
  }

  /** Without the finalizer there is no Secret either. */
  private boolean blocksAccess() {
    return step.order() == Step.Order.FINALIZER || concerns(ChildKind.SECRET);
  }

  /** No route is written without what it needs to ask the gate who may pass. */
  private boolean blocksRoute(Step other) {
    return isGuard()
        && step.action() instanceof Action.ApplyShared guard
        && guard.current().isEmpty()
        && other.action().kind().equals(Optional.of(ChildKind.ROUTE));
  }

  /** Whether it would have protected the route. */
  boolean isGuard() {
    return step.order() == Step.Order.GUARD;
  }

  private boolean concerns(ChildKind kind) {
    return step.action().kind().equals(Optional.of(kind));
  }

  /** Whether the session cannot continue to start without this step. */
  boolean isRequired() {
    return step.order() == Step.Order.POD || blocksPod();
  }

  boolean isPermanent() {
    return failure instanceof ApiFailure.Permanent;
  }

  /** For {@code status.message}; docs/specification.md, section 3, fixes its form. */
  String message() {
    return switch (failure) {
      case ApiFailure.Transient(String _, String words) ->
          step.action().failure() + ": " + words + "; retrying";
      case ApiFailure.Permanent(String _, String words) -> words;
    };
  }
}
