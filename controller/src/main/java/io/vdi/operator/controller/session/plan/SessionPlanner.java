package io.vdi.operator.controller.session.plan;

import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.session.resources.DesiredObject;
import io.vdi.operator.controller.session.resources.DesiredState;
import io.vdi.operator.controller.session.resources.SessionConfig;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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

  private SessionPlanner(ObservedSession observed, SessionConfig config, Instant now) {
    this.observed = observed;
    this.session = observed.session();
    this.config = config;
    this.now = now;
  }

  /** Whether the plan of this session creates a pod, provided that the quotas admit it. */
  public static boolean wantsPod(ObservedSession observed, DesiredState desired) {
    return desired instanceof DesiredState.Children children
        && observed.child(ChildKind.POD).isEmpty()
        && !observed.session().metadata().isDeleting()
        && !isStopped(observed.session())
        && foreign(observed, children).isEmpty()
        && blocked(observed, children).isEmpty();
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
    return switch (desired) {
      case DesiredState.TemplateMissing() -> withoutTemplate();
      case DesiredState.InvalidSpec(Defaults.EffectiveSpec spec) ->
          only(
              status(Optional.of(spec))
                  .failed(
                      "InvalidSpec",
                      String.join("; ", spec.problems()),
                      KnownCause.TEMPLATE_INVALID));
      case DesiredState.Children children ->
          foreign(observed, children)
              .map(object ->
                  only(
                      status(Optional.of(children.spec()))
                          .failed(
                              "ForeignObject",
                              Ownership.refusal(object.type(), object.name()),
                              KnownCause.FOREIGN_OBJECT)))
              .orElseGet(() -> converge(children));
    };
  }

  /**
   * Deletes route and pod, then removes the finalizer. The garbage collector deletes the other
   * objects together with the session.
   */
  private Plan terminate() {
    List<ChildState> remaining =
        Stream.of(
                observed.child(ChildKind.ROUTE),
                observed.otherRoute(),
                observed.child(ChildKind.POD))
            .flatMap(Optional::stream)
            .filter(ChildState::isOurs)
            .toList();
    if (!remaining.isEmpty()) {
      return new Plan(
          List.of(remaining.stream().flatMap(child -> deletion(child).stream()).toList()),
          Optional.of(status(Optional.empty()).terminating()),
          new Requeue.Settled());
    }
    return new Plan(
        session.metadata().finalizers().contains(VdiSession.FINALIZER)
            ? List.of(List.of(new Action.RemoveFinalizer(session)))
            : List.of(),
        Optional.empty(),
        new Requeue.Settled());
  }

  /** Creates nothing. A desktop that runs is left alone and can still be suspended. */
  private Plan withoutTemplate() {
    StatusCalculator status = status(Optional.empty());
    if (observed.child(ChildKind.POD).filter(ChildState::isOurs).isEmpty()) {
      return only(
          session.spec().suspended()
              ? status.observed(List.of(), false)
              : status.failed(
                  "TemplateNotFound",
                  "Template not found: " + session.spec().template(),
                  KnownCause.TEMPLATE_MISSING));
    }
    return new Plan(
        List.of(finalizer(), session.spec().suspended() ? deletionOfPod() : List.of()),
        Optional.of(status.observed(List.of(), false)),
        new Requeue.Settled());
  }

  private Plan converge(DesiredState.Children children) {
    StatusCalculator status = status(Optional.of(children.spec()));
    Optional<TurnGrant> turn = TurnGrant.of(observed.template(), children.spec(), config, now);
    List<DesiredObject> blocked = blocked(observed, children);
    Optional<DesiredObject> newPod =
        wantsPod(observed, children) && observed.quotaWait().isEmpty()
            ? children.get(ChildKind.POD)
            : Optional.empty();

    List<Action> dependencies = new ArrayList<>();
    for (DesiredObject desired : children.objects().values()) {
      if (desired.kind() != ChildKind.POD && isServed(observed, desired)) {
        ensure(desired, turn).ifPresent(dependencies::add);
      }
    }
    observed.otherRoute().flatMap(this::deletion).ifPresent(dependencies::add);
    newPod.flatMap(pod -> renewTurn(turn)).ifPresent(dependencies::add);

    List<Action> pod =
        isStopped(session)
            ? deletionOfPod()
            : newPod
                .<List<Action>>map(desired -> List.of(new Action.Create(desired)))
                .orElse(List.of());
    return new Plan(
        List.of(finalizer(), dependencies, pod),
        Optional.of(status.observed(blocked, isOutdated(children))),
        status.requeue());
  }

  private List<Action> finalizer() {
    return session.metadata().finalizers().contains(VdiSession.FINALIZER)
        ? List.of()
        : List.of(new Action.AddFinalizer(session));
  }

  private Optional<Action> ensure(DesiredObject desired, Optional<TurnGrant> turn) {
    Optional<ChildState> existing = observed.child(desired.kind());
    if (existing.isEmpty()) {
      return Optional.of(
          desired.kind() == ChildKind.SECRET
              ? new Action.CreateSecret(desired, turn)
              : new Action.Create(desired));
    }
    return existing
        .filter(child -> !child.isLeaving())
        .filter(child -> observed.resync() || !desired.matches(child.metadata()))
        .map(child -> new Action.Update(desired, child.metadata()));
  }

  /** The credentials that a pod reads at its start must be valid for as long as it can run. */
  private Optional<Action> renewTurn(Optional<TurnGrant> turn) {
    return observed
        .child(ChildKind.SECRET)
        .flatMap(secret ->
            turn.filter(grant -> !grant.isCoveredBy(secret.metadata()))
                .map(grant -> new Action.RenewTurn(secret.metadata(), grant)));
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
  private static boolean isStopped(VdiSession session) {
    return session.spec().suspended() || StatusCalculator.hasGivenUp(session);
  }

  /** The first desired object whose name is taken by an object of somebody else. */
  private static Optional<DesiredObject> foreign(
      ObservedSession observed, DesiredState.Children children) {
    return children.objects().values().stream()
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
        .filter(desired -> isServed(observed, desired))
        .filter(desired -> observed.child(desired.kind()).filter(ChildState::isLeaving).isPresent())
        .toList();
  }

  private static boolean isServed(ObservedSession observed, DesiredObject desired) {
    return desired.kind() != ChildKind.ROUTE || observed.routeTypeServed();
  }

  private Plan only(VdiSession.Status status) {
    return new Plan(List.of(finalizer()), Optional.of(status), new Requeue.Settled());
  }

  private List<Action> deletionOfPod() {
    return observed.child(ChildKind.POD).flatMap(this::deletion).stream().toList();
  }

  /** Empty if the object is foreign or is being deleted already. */
  private Optional<Action> deletion(ChildState child) {
    return child.isOurs() && !child.metadata().isDeleting()
        ? Optional.of(new Action.Delete(child.type(), child.metadata()))
        : Optional.empty();
  }

  private StatusCalculator status(Optional<Defaults.EffectiveSpec> spec) {
    return new StatusCalculator(observed, config, spec, now);
  }
}
