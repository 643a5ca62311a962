package io.vdi.operator.controller.session.plan;

import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.diagnosis.StatusMessage;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.HomeFate;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.Quantities;
import io.vdi.operator.common.model.ReclaimPolicy;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.session.resources.DesiredObject;
import io.vdi.operator.controller.session.resources.DesiredState;
import io.vdi.operator.controller.session.resources.SessionConfig;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Computes the writes that bring a session from its observed to its desired state;
 * docs/specification.md, section 3. After a plan is executed, and while nothing else changes, the
 * next plan is empty.
 */
public final class SessionPlanner {
  private final ObservedSession observed;
  private final VdiSession session;
  private final SessionConfig config;
  private final Instant now;
  private final List<Step> steps = new ArrayList<>();

  private SessionPlanner(ObservedSession observed, SessionConfig config, Instant now) {
    this.observed = observed;
    this.session = observed.session();
    this.config = config;
    this.now = now;
  }

  /** Whether the plan of this session creates a pod, provided that the quotas admit it. */
  public static boolean wantsPod(ObservedSession observed, DesiredState desired, Instant now) {
    return desired instanceof DesiredState.Children children
        && observed.child(ChildKind.POD).isEmpty()
        && !observed.session().metadata().isDeleting()
        && !isStopped(observed)
        && foreign(observed, children).isEmpty()
        && blocked(observed, children).isEmpty()
        && observed.missingClaims().isEmpty()
        && outdatedClaim(observed, children).isEmpty()
        && observed.history().ended().filter(ended -> now.isBefore(ended.notBefore())).isEmpty();
  }

  /**
   * @param desired what {@link DesiredState#of} returns for the observed session
   */
  public static Plan plan(
      ObservedSession observed, DesiredState desired, SessionConfig config, Instant now) {
    return new SessionPlanner(observed, config, now).plan(desired);
  }

  private Plan plan(DesiredState desired) {
    if (session.metadata().isDeleting()) {
      return terminate();
    }
    // Nothing that can be wrong with a session keeps it from being stopped.
    stopPod();
    add(Step.Order.FINALIZER, finalizer());
    return switch (desired) {
      case DesiredState.TemplateMissing() -> withStatus(withoutTemplate());
      case DesiredState.InvalidSpec(Defaults.EffectiveSpec spec, List<String> problems) ->
          withStatus(
              status(Optional.of(spec))
                  .failed("InvalidSpec", String.join("; ", problems), KnownCause.TEMPLATE_INVALID));
      case DesiredState.Children children ->
          foreign(observed, children)
              .map(object -> {
                revokeAccess();
                return withStatus(
                    status(Optional.of(children.spec()))
                        .failed(
                            Ownership.FOREIGN_OBJECT,
                            Ownership.refusal(object.type(), object.name()),
                            KnownCause.FOREIGN_OBJECT));
              })
              .orElseGet(() -> converge(children));
    };
  }

  /**
   * Deletes route and pod, and makes the owner of the home agree with what is to happen to it; then
   * removes the finalizer. The garbage collector deletes the children that have an owner.
   */
  private Plan terminate() {
    HomeFate fate = HomeFate.of(session, observed.template());
    homeOwner(fate).ifPresent(action -> add(Step.Order.STOP, List.of(action)));
    List<ChildState> remaining =
        Stream.of(
                observed.child(ChildKind.ROUTE).stream(),
                observed.otherRoutes().stream(),
                observed.child(ChildKind.POD).stream())
            .flatMap(Function.identity())
            .filter(ChildState::isOurs)
            .toList();
    remaining.forEach(child -> add(Step.Order.STOP, deletion(child)));
    StatusCalculator status = status(Optional.empty());
    Requeue requeue = forceDeletion();
    if (!remaining.isEmpty() || !steps.isEmpty()) {
      return new Plan(steps, Optional.of(status.terminating()), requeue);
    }
    if (session.metadata().finalizers().contains(VdiSession.FINALIZER)) {
      adoptForGarbageCollection(ChildKind.SECRET);
      adoptForGarbageCollection(ChildKind.SERVICE);
      adoptForGarbageCollection(ChildKind.GPU_CLAIM);
      adoptForGarbageCollection(ChildKind.ROLE);
      adoptForGarbageCollection(ChildKind.ROLE_BINDING);
      add(Step.Order.RELEASE, List.of(new Action.RemoveFinalizer(session, fate)));
    }
    return new Plan(steps, Optional.empty(), new Requeue.Settled());
  }

  /**
   * The node that should stop the pod may never return, and a session that a person deletes must
   * not wait for it. The deletion timestamp of a pod includes its grace period.
   *
   * @return when to check again
   */
  private Requeue forceDeletion() {
    Optional<ChildState> pod =
        observed
            .child(ChildKind.POD)
            .filter(child -> child.isOurs() && child.metadata().isDeleting());
    if (pod.isEmpty() || observed.lostNode().isEmpty()) {
      return new Requeue.Settled();
    }
    ObjectMeta current = pod.get().metadata();
    Duration left = Duration.between(now, current.deletionTimestamp());
    if (left.isPositive()) {
      return new Requeue.RecheckAfter(left);
    }
    add(Step.Order.STOP, List.of(new Action.ForceDeletePod(current, observed.lostNode().get())));
    return new Requeue.Settled();
  }

  /** A child that lost its owner, such as with {@code kubectl delete --cascade=orphan}. */
  private void adoptForGarbageCollection(ChildKind kind) {
    observed
        .child(kind)
        .filter(child -> child.isOwnerless() && !child.metadata().isDeleting())
        .ifPresent(child ->
            add(
                Step.Order.OPTIONAL,
                List.of(new Action.SetOwner(child.type(), child.metadata(), session, true))));
  }

  /** The change of the home's owner; empty if it agrees with the fate of the home. */
  private Optional<Action> homeOwner(HomeFate fate) {
    return observed
        .child(ChildKind.HOME)
        .filter(ChildState::isOurs)
        .filter(home -> !home.metadata().isDeleting())
        .filter(home ->
            switch (fate) {
              case RELEASE -> !home.isOwnerless();
              // A home that lost its owner otherwise, such as with kubectl delete --cascade=orphan,
              // is kept.
              case DELETE -> home.isOwnerless() && wasReleased(home.metadata());
              case UNCHANGED -> false;
            })
        .map(home ->
            new Action.SetOwner(home.type(), home.metadata(), session, fate == HomeFate.DELETE));
  }

  private static boolean wasReleased(ObjectMeta home) {
    return home.annotation(Annotations.RECLAIM_POLICY)
        .equals(Optional.of(ReclaimPolicy.RETAIN.text()));
  }

  /** Creates nothing. A desktop that runs is left alone and can still be suspended. */
  private VdiSession.Status withoutTemplate() {
    StatusCalculator status = status(Optional.empty());
    return observed.child(ChildKind.POD).filter(ChildState::isOurs).isPresent()
            || session.spec().suspended()
        ? status.observed(List.of(), false)
        : status.failed(
            "TemplateNotFound",
            StatusMessage.TEMPLATE_NOT_FOUND.text(session.spec().template()),
            KnownCause.TEMPLATE_MISSING);
  }

  private Plan converge(DesiredState.Children children) {
    StatusCalculator status = status(Optional.of(children.spec()));
    Optional<TurnGrant> turn =
        TurnGrant.of(session, observed.template(), children.spec(), config, now);
    boolean outdated = isOutdated(children);
    if (!isStopped(observed)) {
      replacePod(outdated).ifPresent(action -> add(Step.Order.STOP, List.of(action)));
      leaveNode(children.spec());
    }
    applyShared(true).forEach(action -> add(Step.Order.GUARD, List.of(action)));
    for (DesiredObject desired : children.objects().values()) {
      if (!desired.kind().isOptional() && isServed(observed, desired)) {
        ensure(Step.Order.DEPENDENCY, Step.Order.OPTIONAL, desired, turn, children.spec());
      }
    }
    outdatedClaim(observed, children)
        .ifPresent(claim -> add(Step.Order.DEPENDENCY, deletion(claim)));
    boolean createsPod = wantsPod(observed, children, now) && observed.quotaWait().isEmpty();
    giveAccess(children, turn, createsPod);
    applyShared(false).forEach(action -> add(Step.Order.DEPENDENCY, List.of(action)));
    resizeHome(children.spec()).ifPresent(action -> add(Step.Order.OPTIONAL, List.of(action)));
    observed.otherRoutes().forEach(route -> add(Step.Order.OPTIONAL, deletion(route)));
    if (children.get(ChildKind.ROUTE).isEmpty()) {
      observed.child(ChildKind.ROUTE).ifPresent(route -> add(Step.Order.OPTIONAL, deletion(route)));
    }
    if (children.get(ChildKind.GPU_CLAIM).isEmpty()) {
      remove(ChildKind.GPU_CLAIM);
    }
    if (createsPod) {
      renewTurn(turn).ifPresent(action -> add(Step.Order.DEPENDENCY, List.of(action)));
      viewerPassword().ifPresent(action -> add(Step.Order.DEPENDENCY, List.of(action)));
      children
          .get(ChildKind.POD)
          .ifPresent(
              pod -> add(Step.Order.POD, List.of(new Action.CreatePod(pod, status.restarts()))));
    } else {
      viewerPassword().ifPresent(action -> add(Step.Order.OPTIONAL, List.of(action)));
      if (!isStopped(observed) && observed.child(ChildKind.POD).isPresent()) {
        // A container that restarts reads the credentials again.
        renewTurn(turn).ifPresent(action -> add(Step.Order.OPTIONAL, List.of(action)));
      }
    }
    return new Plan(
        steps,
        Optional.of(status.observed(blocked(observed, children), outdated)),
        status.requeue());
  }

  /** A bound volume cannot shrink, so its capacity is the minimum. */
  private Optional<Action> resizeHome(Defaults.EffectiveSpec spec) {
    return observed
        .ownChild(ChildKind.HOME)
        .flatMap(child -> observed.home())
        .filter(PersistentVolumeClaim::isBound)
        .flatMap(home -> {
          String size =
              Quantities.isLarger(home.capacity(), spec.size()) ? home.capacity() : spec.size();
          return Quantities.areEqual(size, home.requestedSize())
              ? Optional.empty()
              : Optional.of(new Action.ResizeHome(home.metadata(), size));
        });
  }

  /** Deletes the pod of a session that must not have one. */
  private void stopPod() {
    if (isStopped(observed)) {
      observed.child(ChildKind.POD).ifPresent(pod -> add(Step.Order.STOP, deletion(pod)));
    }
  }

  /**
   * A pod that has ended, or that never ran and differs from what session and template say now, is
   * deleted, so that it is created again.
   */
  private Optional<Action> replacePod(boolean outdated) {
    Optional<ChildState> existing = observed.ownChild(ChildKind.POD);
    return existing.flatMap(child ->
        observed
            .pod()
            .flatMap(pod -> whyReplaced(pod, outdated))
            .map(why -> new Action.ReplacePod(child.metadata(), why)));
  }

  /** What a drained node requires: an announcement, its removal, or the end of the pod. */
  private void leaveNode(Defaults.EffectiveSpec spec) {
    Optional<ObjectMeta> existing = observed.ownChild(ChildKind.POD).map(ChildState::metadata);
    if (existing.isEmpty() || steps.stream().anyMatch(step -> step.order() == Step.Order.STOP)) {
      return;
    }
    ObjectMeta pod = existing.get();
    boolean isAnnounced = pod.annotation(Annotations.DRAIN_DEADLINE).isPresent();
    switch (NodeDrain.decide(observed, Optional.of(spec), now)) {
      case DrainDecision.None _, DrainDecision.Stays _ -> {
        if (isAnnounced) {
          add(Step.Order.OPTIONAL, List.of(new Action.CancelDrain(pod)));
        }
      }
      case DrainDecision.Countdown countdown -> {
        if (!countdown.announced()) {
          add(Step.Order.OPTIONAL, List.of(new Action.AnnounceDrain(pod, countdown.deadline())));
        }
      }
      case DrainDecision.Move(String node) ->
          add(
              Step.Order.STOP,
              List.of(
                  new Action.MovePod(
                      pod, "node " + node + " is being drained; starting on another node")));
      case DrainDecision.Unknown _, DrainDecision.Moving _ -> {}
    }
  }

  private Optional<String> whyReplaced(Pod pod, boolean outdated) {
    if (pod.isFinished()) {
      return observed
          .history()
          .ended()
          .map(PodHistory.EndedPod::message)
          .or(() -> Optional.of("the pod ended"));
    }
    return outdated && !pod.isReady() && !pod.hasStarted()
        ? Optional.of("the pod has not started, and session or template have changed")
        : Optional.empty();
  }

  /**
   * The NetworkPolicy is written before the pod, so that no desktop starts without it, and the
   * Middleware and others before the route.
   *
   * @param guards what routes need; otherwise the NetworkPolicy
   */
  private List<Action.ApplyShared> applyShared(boolean guards) {
    return observed.shared().stream()
        .filter(shared -> shared.desired().guardsRoutes() == guards)
        .filter(shared -> observed.resync() || !shared.isUpToDate())
        .map(shared -> new Action.ApplyShared(shared.desired(), shared.current()))
        .toList();
  }

  private List<Action> finalizer() {
    return session.metadata().finalizers().contains(VdiSession.FINALIZER)
        ? List.of()
        : List.of(new Action.AddFinalizer(session));
  }

  /** Creates the object if it is missing, and updates it if it differs. Pods are not created. */
  private void ensure(
      Step.Order creation,
      Step.Order update,
      DesiredObject desired,
      Optional<TurnGrant> turn,
      Defaults.EffectiveSpec spec) {
    Optional<ChildState> existing = observed.child(desired.kind());
    boolean pod = desired.kind() == ChildKind.POD;
    if (existing.isEmpty() && !pod) {
      add(
          creation,
          List.of(
              desired.kind() == ChildKind.SECRET
                  ? new Action.CreateSecret(desired, turn, now.truncatedTo(ChronoUnit.SECONDS))
                  : new Action.Create(desired)));
    }
    existing
        .filter(child -> !child.isLeaving())
        .filter(child -> {
          boolean outdated =
              !pod
                  && desired.kind() != ChildKind.GPU_CLAIM
                  && (observed.resync() || !desired.matches(child.metadata()));
          return outdated
              || lacksOwner(child, desired.kind(), spec)
              || (pod && lacksTemplate(child));
        })
        .ifPresent(child -> add(update, List.of(new Action.Update(desired, child.metadata()))));
  }

  /**
   * The Role for the Secret, and the RoleBinding for the Role. A Role names its Secret, and a
   * RoleBinding its Role, so both would also apply to a foreign object of that name: the Role is
   * written only while the Secret is this session's, and the RoleBinding only after the Role has
   * the rules that the controller writes. All of it is optional for the desktop, and begins when
   * the pod exists, so that a burst creates the pods of all sessions first.
   */
  private void giveAccess(
      DesiredState.Children children, Optional<TurnGrant> turn, boolean createsPod) {
    Optional<DesiredObject> role = children.get(ChildKind.ROLE);
    Optional<DesiredObject> binding = children.get(ChildKind.ROLE_BINDING);
    if (!observed.accessKnown()) {
      return;
    }
    if (role.isEmpty() || binding.isEmpty()) {
      revokeAccess();
      remove(ChildKind.ROLE);
      return;
    }
    boolean ownSecret = isOurs(ChildKind.SECRET);
    boolean ownRole = isOurs(ChildKind.ROLE);
    if (!(ownSecret || isMissing(ChildKind.SECRET)) || isForeign(ChildKind.ROLE)) {
      revokeAccess();
      return;
    }
    if (!createsPod) {
      ensure(Step.Order.ACCESS, Step.Order.ACCESS, role.get(), turn, children.spec());
    }
    if (isOurs(ChildKind.ROLE_BINDING) && !(ownSecret && ownRole)) {
      // A foreign object may get the name before the controller creates its own.
      revokeAccess();
    } else if (!createsPod
        && !isForeign(ChildKind.ROLE_BINDING)
        && (ownRole || isMissing(ChildKind.ROLE))) {
      ensure(Step.Order.GRANT, Step.Order.GRANT, binding.get(), turn, children.spec());
    }
  }

  private void revokeAccess() {
    remove(ChildKind.ROLE_BINDING);
  }

  private void remove(ChildKind kind) {
    observed.child(kind).ifPresent(child -> add(Step.Order.OPTIONAL, deletion(child)));
  }

  private boolean isOurs(ChildKind kind) {
    return observed.ownChild(kind).isPresent();
  }

  private boolean isMissing(ChildKind kind) {
    return observed.child(kind).isEmpty();
  }

  private boolean isForeign(ChildKind kind) {
    return observed.child(kind).filter(ChildState::isForeign).isPresent();
  }

  /** Pods of earlier versions of the operator: the NetworkPolicy selects by this label. */
  private boolean lacksTemplate(ChildState pod) {
    return !pod.metadata()
        .label(Labels.TEMPLATE)
        .equals(Optional.of(Labels.valueOf(session.spec().template())));
  }

  /** Objects that were restored from a backup without their owner are adopted. */
  private static boolean lacksOwner(ChildState child, ChildKind kind, Defaults.EffectiveSpec spec) {
    boolean retained = kind == ChildKind.HOME && spec.reclaimPolicy() == ReclaimPolicy.RETAIN;
    return child.isOwnerless() && !retained;
  }

  /** The credentials that a desktop reads at its start must be valid for some time. */
  private Optional<Action> renewTurn(Optional<TurnGrant> turn) {
    return observed
        .ownChild(ChildKind.SECRET)
        .flatMap(secret ->
            turn.filter(grant -> !grant.isCoveredBy(secret.metadata()))
                .map(grant -> new Action.RenewTurn(secret.metadata(), grant)));
  }

  /** Secrets of earlier versions of the operator have no password of guests who only watch. */
  private Optional<Action> viewerPassword() {
    return observed
        .ownChild(ChildKind.SECRET)
        .filter(secret -> secret.metadata().annotation(Annotations.VIEWER_PASSWORD_SINCE).isEmpty())
        .filter(secret ->
            observed.template().filter(found -> found.spec().server().canShare()).isPresent())
        .map(secret ->
            new Action.AddViewerPassword(secret.metadata(), now.truncatedTo(ChronoUnit.SECONDS)));
  }

  private boolean isOutdated(DesiredState.Children children) {
    return observed
        .child(ChildKind.POD)
        .filter(pod ->
            children
                .get(ChildKind.POD)
                .filter(desired -> !desired.matches(pod.metadata()))
                .isPresent())
        .isPresent();
  }

  /** Whether the session must not have a pod. */
  private static boolean isStopped(ObservedSession observed) {
    return observed.session().spec().suspended() || observed.hasGivenUp();
  }

  /** The first desired object, except optional ones, whose name is taken by a foreign object. */
  private static Optional<DesiredObject> foreign(
      ObservedSession observed, DesiredState.Children children) {
    return children.objects().values().stream()
        .filter(desired -> !desired.kind().isOptional())
        .filter(desired -> observed.child(desired.kind()).filter(ChildState::isForeign).isPresent())
        .findFirst();
  }

  /**
   * The desired objects whose names are taken by objects that are being deleted. While there is
   * one, no pod is created: it would use the old object and keep it from being deleted.
   */
  private static List<DesiredObject> blocked(
      ObservedSession observed, DesiredState.Children children) {
    return children.objects().values().stream()
        .filter(desired -> !desired.kind().isOptional() && isServed(observed, desired))
        .filter(desired -> observed.child(desired.kind()).filter(ChildState::isLeaving).isPresent())
        .toList();
  }

  private static boolean isServed(ObservedSession observed, DesiredObject desired) {
    return switch (desired.kind()) {
      case ROUTE -> observed.routeTypeServed();
      case GPU_CLAIM -> observed.claimsServed();
      case SECRET, HOME, SERVICE, POD, ROLE, ROLE_BINDING -> true;
    };
  }

  /**
   * The ResourceClaimTemplate that requests other devices than it should. Its spec cannot change,
   * so it is deleted, and a later plan creates it again. A pod would get the former devices until
   * then.
   */
  private static Optional<ChildState> outdatedClaim(
      ObservedSession observed, DesiredState.Children children) {
    return observed
        .ownChild(ChildKind.GPU_CLAIM)
        .filter(child ->
            children
                .get(ChildKind.GPU_CLAIM)
                .filter(desired -> !desired.matches(child.metadata()))
                .isPresent());
  }

  private Plan withStatus(VdiSession.Status status) {
    return new Plan(steps, Optional.of(status), new Requeue.Settled());
  }

  private void add(Step.Order order, List<? extends Action> actions) {
    actions.forEach(action -> steps.add(new Step(order, action)));
  }

  /** Empty if the object is foreign or is being deleted already. */
  private static List<Action> deletion(ChildState child) {
    return child.canBeChanged()
        ? List.of(new Action.Delete(child.type(), child.metadata()))
        : List.of();
  }

  private StatusCalculator status(Optional<Defaults.EffectiveSpec> spec) {
    return new StatusCalculator(observed, config, spec, now);
  }
}
