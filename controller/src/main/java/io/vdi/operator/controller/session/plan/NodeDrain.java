package io.vdi.operator.controller.session.plan;

import io.vdi.operator.common.diagnosis.StatusMessage;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.Node;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.VdiSession;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/**
 * Decides whether a desktop leaves a node that is drained, and when; docs/specification.md, section
 * 3, Drained nodes. The deadline is an annotation of the pod: it survives the controller, and
 * another pod has none. A desktop is stopped only if its deadline has passed, and a {@link
 * DrainCheck} of this moment says that the node is still drained and that another one can run it.
 */
public final class NodeDrain {
  private static final DrainDecision NONE = new DrainDecision.None();
  private static final DrainCheck UNCHECKED =
      new DrainCheck.Fixed(StatusMessage.DRAIN_UNKNOWN.text());

  private NodeDrain() {}

  /**
   * @param spec empty if the template is missing
   */
  public static DrainDecision decide(
      ObservedSession observed, Optional<Defaults.EffectiveSpec> spec, Instant time) {
    VdiSession session = observed.session();
    if (session.metadata().isDeleting() || session.spec().suspended() || observed.hasGivenUp()) {
      return NONE;
    }
    Optional<Pod> own = ownPod(observed);
    if (own.isEmpty()) {
      return observed.pod().isEmpty() && isAnnounced(session)
          ? new DrainDecision.Moving(Optional.empty())
          : NONE;
    }
    Pod pod = own.get();
    boolean leaves = pod.metadata().isDeleting();
    if (!pod.isScheduled() || (pod.isFinished() && !leaves)) {
      return NONE;
    }
    if (observed.node().isEmpty() && !leaves) {
      return new DrainDecision.Unknown();
    }
    Optional<Node.Drain> drain = observed.node().flatMap(Node::drain);
    if (leaves) {
      return drain.isPresent() || isAnnounced(session)
          ? new DrainDecision.Moving(Optional.of(pod.spec().nodeName()))
          : NONE;
    }
    Instant now = time.truncatedTo(ChronoUnit.SECONDS);
    return drain
        .map(kind -> onDrainedNode(observed, pod, kind == Node.Drain.REMOVAL, spec, now))
        .orElse(NONE);
  }

  private static DrainDecision onDrainedNode(
      ObservedSession observed,
      Pod pod,
      boolean removal,
      Optional<Defaults.EffectiveSpec> spec,
      Instant now) {
    String node = pod.spec().nodeName();
    if (spec.flatMap(Defaults.EffectiveSpec::drainGrace).isEmpty()) {
      return new DrainDecision.Stays(node, removal, StatusMessage.DRAIN_WITHOUT_GRACE.text());
    }
    if (!spec.get().persistent()) {
      return new DrainDecision.Stays(node, removal, StatusMessage.DRAIN_WITHOUT_HOME.text());
    }
    Optional<Instant> deadline = deadline(pod);
    if (deadline.filter(now::isBefore).isPresent()) {
      return new DrainDecision.Countdown(node, removal, deadline.get(), true);
    }
    return switch (observed.drainCheck().orElse(UNCHECKED)) {
      case DrainCheck.Fixed(String why) -> new DrainDecision.Stays(node, removal, why);
      case DrainCheck.Movable() ->
          deadline.isPresent()
              ? new DrainDecision.Move(node)
              : new DrainDecision.Countdown(
                  node, removal, now.plus(spec.get().drainGrace().get()), false);
    };
  }

  /** The drained node that has to be read from the API server, before the desktop is stopped. */
  public static Optional<Node> nodeToCheck(
      ObservedSession observed, Optional<Defaults.EffectiveSpec> spec, Instant now) {
    return switch (decide(observed.withDrainCheck(new DrainCheck.Movable()), spec, now)) {
      case DrainDecision.Move _ -> observed.node();
      case DrainDecision.Countdown countdown ->
          countdown.announced() ? Optional.empty() : observed.node();
      case DrainDecision.None _,
          DrainDecision.Unknown _,
          DrainDecision.Stays _,
          DrainDecision.Moving _ ->
          Optional.empty();
    };
  }

  /** When the controller stops this pod; empty if it is not announced. */
  public static Optional<Instant> deadline(Pod pod) {
    return pod.metadata().time(Annotations.DRAIN_DEADLINE);
  }

  /**
   * Whether the session has left a drained node and has no pod yet. It keeps its share of the
   * quotas, so that no other session takes it in between.
   */
  public static boolean isMoving(VdiSession session) {
    return isAnnounced(session)
        && session
            .status()
            .condition(Condition.NODE_DRAINING)
            .filter(condition -> condition.reason().equals(Condition.MOVING))
            .isPresent()
        && !session.status().is(Phase.FAILED)
        && !session.spec().suspended()
        && !session.metadata().isDeleting();
  }

  /** The reason of condition NodeDraining and its message; empty while there is none. */
  static Optional<PhaseText> condition(DrainDecision decision, VdiSession session) {
    return switch (decision) {
      case DrainDecision.None _ -> Optional.empty();
      case DrainDecision.Unknown _ ->
          session
              .status()
              .condition(Condition.NODE_DRAINING)
              .filter(Condition::isTrue)
              .map(before -> new PhaseText(before.reason(), before.message()));
      case DrainDecision.Stays(String node, boolean removal, String why) ->
          Optional.of(new PhaseText(reason(removal), StatusMessage.DRAIN_STAYS.text(node, why)));
      case DrainDecision.Countdown(String node, boolean removal, Instant deadline, boolean _) ->
          Optional.of(
              new PhaseText(reason(removal), StatusMessage.DRAIN_STOPS.text(node, deadline)));
      case DrainDecision.Move(String node) -> moving(Optional.of(node), session);
      case DrainDecision.Moving(Optional<String> node) -> moving(node, session);
    };
  }

  private static Optional<PhaseText> moving(Optional<String> node, VdiSession session) {
    String message =
        node.map(StatusMessage.DRAIN_MOVES::text)
            .or(() -> session.status().condition(Condition.NODE_DRAINING).map(Condition::message))
            .orElse("");
    return Optional.of(new PhaseText(Condition.MOVING, message));
  }

  /** A reason in CamelCase and a message. */
  record PhaseText(String reason, String text) {}

  private static String reason(boolean removal) {
    return removal ? "NodeRemoval" : "NodeCordoned";
  }

  private static boolean isAnnounced(VdiSession session) {
    return session
        .status()
        .condition(Condition.NODE_DRAINING)
        .filter(Condition::isTrue)
        .isPresent();
  }

  private static Optional<Pod> ownPod(ObservedSession observed) {
    return observed.child(ChildKind.POD).filter(ChildState::isOurs).flatMap(any -> observed.pod());
  }
}
