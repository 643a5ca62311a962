package io.vdi.operator.controller.session.plan;

import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.session.resources.DesiredObject;
import io.vdi.operator.controller.session.resources.DesiredState;
import io.vdi.operator.controller.session.resources.ResolvedSession;
import io.vdi.operator.controller.session.resources.SessionConfig;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;

/**
 * From what is to what is to be done, spec.md section 3. Once the plan is carried out and nothing
 * else changes, the next plan is empty.
 */
public final class SessionPlanner {
  private final ObservedSession observed;
  private final VdiSession session;
  private final SessionConfig config;
  private final BiFunction<ResolvedSession, Optional<PersistentVolumeClaim>, DesiredState>
      blueprints;
  private final Instant now;

  private SessionPlanner(
      ObservedSession seen,
      SessionConfig settings,
      BiFunction<ResolvedSession, Optional<PersistentVolumeClaim>, DesiredState> blueprints,
      Instant now) {
    this.observed = seen;
    this.session = seen.session();
    this.config = settings;
    this.blueprints = blueprints;
    this.now = now;
  }

  public static Plan plan(ObservedSession seen, SessionConfig settings, Instant now) {
    return plan(seen, settings, DesiredState::of, now);
  }

  /**
   * The same, with another way to the same blueprints.
   *
   * @param blueprints as {@link DesiredState#of}
   */
  public static Plan plan(
      ObservedSession seen,
      SessionConfig settings,
      BiFunction<ResolvedSession, Optional<PersistentVolumeClaim>, DesiredState> blueprints,
      Instant now) {
    return new SessionPlanner(seen, settings, blueprints, now).plan();
  }

  private Plan plan() {
    if (session.metadata().isDeleting()) {
      return terminate();
    }
    if (observed.template().isEmpty()) {
      return withoutTemplate();
    }
    Defaults.EffectiveSpec spec =
        Defaults.effectiveSpec(session.spec(), observed.template().get().spec());
    StatusCalculator status = new StatusCalculator(observed, config, Optional.of(spec), now);
    if (!spec.problems().isEmpty()) {
      return only(
          status.failed(
              "InvalidSpec", String.join("; ", spec.problems()), KnownCause.TEMPLATE_INVALID));
    }
    DesiredState blueprint =
        blueprints.apply(
            new ResolvedSession(
                session, observed.template().get().spec(), spec, observed.host(), config),
            observed.home());
    Optional<String> foreign = foreign(blueprint);
    if (foreign.isPresent()) {
      return only(status.failed("ForeignObject", foreign.get(), KnownCause.FOREIGN_OBJECT));
    }
    return converge(blueprint, status);
  }

  /** Route and pod first, then we let go; the garbage collector takes the rest with the session. */
  private Plan terminate() {
    List<Action> deletions = new ArrayList<>();
    deleteOurs(observed.route(), routeKind(), deletions);
    deleteOurs(observed.otherRoute(), otherRouteKind(), deletions);
    deleteOurs(observed.pod(), ResourceType.POD, deletions);
    boolean left =
        isOurs(observed.route(), routeKind())
            || isOurs(observed.otherRoute(), otherRouteKind())
            || isOurs(observed.pod(), ResourceType.POD);
    if (left) {
      return new Plan(
          List.of(deletions),
          Optional.of(new StatusCalculator(observed, config, Optional.empty(), now).terminating()),
          new Requeue.Settled());
    }
    boolean held = session.metadata().finalizers().contains(VdiSession.FINALIZER);
    return new Plan(
        held ? List.of(List.of(new Action.RemoveFinalizer(session))) : List.of(),
        Optional.empty(),
        new Requeue.Settled());
  }

  /**
   * Nothing new can be made; a desktop that runs already is left alone, and can still be suspended.
   */
  private Plan withoutTemplate() {
    StatusCalculator status = new StatusCalculator(observed, config, Optional.empty(), now);
    if (!isOurs(observed.pod(), ResourceType.POD)) {
      return only(
          session.spec().suspended()
              ? status.observed(List.of(), false)
              : status.failed(
                  "TemplateNotFound",
                  "Template not found: " + session.spec().template(),
                  KnownCause.TEMPLATE_MISSING));
    }
    List<Action> actions = new ArrayList<>();
    if (session.spec().suspended()) {
      deleteOurs(observed.pod(), ResourceType.POD, actions);
    }
    return new Plan(
        List.of(finalizer(), actions),
        Optional.of(status.observed(List.of(), false)),
        new Requeue.Settled());
  }

  private Plan converge(DesiredState blueprint, StatusCalculator status) {
    List<String> waitingFor = new ArrayList<>();
    List<Action> independent = new ArrayList<>();
    ensure(Optional.of(blueprint.secret()), observed.secret(), independent, waitingFor);
    ensure(blueprint.volumeClaim(), observed.home(), independent, waitingFor);
    ensure(Optional.of(blueprint.service()), observed.service(), independent, waitingFor);
    if (observed.routeKindServed()) {
      ensure(blueprint.route(), observed.route(), independent, waitingFor);
    }
    deleteOurs(observed.otherRoute(), otherRouteKind(), independent);

    List<Action> pod = new ArrayList<>();
    boolean stopped = session.spec().suspended() || status.hasGivenUp();
    if (stopped) {
      deleteOurs(observed.pod(), ResourceType.POD, pod);
    } else {
      ensurePod(blueprint.pod(), pod, waitingFor);
      if (!pod.isEmpty()) {
        renewTurn(independent);
      }
    }
    boolean outdated =
        observed.pod().filter(p -> !blueprint.pod().matches(p.metadata())).isPresent();
    return new Plan(
        // What the pod needs is on its way out: making the pod now would tie it to that.
        List.of(finalizer(), independent, waitingFor.isEmpty() || stopped ? pod : List.of()),
        Optional.of(status.observed(waitingFor, outdated)),
        status.next());
  }

  private List<Action> finalizer() {
    return session.metadata().finalizers().contains(VdiSession.FINALIZER)
        ? List.of()
        : List.of(new Action.AddFinalizer(session));
  }

  private void ensure(
      Optional<DesiredObject> wanted,
      Optional<? extends KubeObject> existing,
      List<Action> actions,
      List<String> waitingFor) {
    if (wanted.isEmpty()) {
      return;
    }
    DesiredObject desired = wanted.get();
    if (existing.isEmpty()) {
      actions.add(new Action.Create(desired));
      return;
    }
    ObjectMeta current = existing.get().metadata();
    if (isLeaving(desired.kind(), current)) {
      waitingFor.add(desired.kind().kind() + " " + desired.name());
    } else if (observed.resync() || !desired.matches(current)) {
      actions.add(new Action.Update(desired, current));
    }
  }

  private void ensurePod(DesiredObject desired, List<Action> actions, List<String> waitingFor) {
    if (observed.pod().isEmpty()) {
      if (observed.quotaWait().isEmpty()) {
        actions.add(new Action.Create(desired));
      }
    } else if (isLeaving(ResourceType.POD, observed.pod().get().metadata())) {
      waitingFor.add("Pod " + desired.name());
    }
  }

  /** Credentials that a pod reads at its start must hold for as long as it may run. */
  private void renewTurn(List<Action> actions) {
    Optional<ObjectMeta> secret = observed.secret().map(KubeObject::metadata);
    Optional<Instant> expires = TurnCredentialLifetime.expires(observed, config, now);
    boolean known = secret.filter(s -> !isLeaving(ResourceType.SECRET, s)).isPresent();
    if (known && expires.isPresent()) {
      boolean lasts =
          secret
              .get()
              .annotation(Annotations.TURN_EXPIRES)
              .flatMap(TurnCredentialLifetime::parse)
              .filter(end -> !end.isBefore(expires.get().minus(TurnCredentialLifetime.SPARE)))
              .isPresent();
      if (!lasts) {
        actions.add(new Action.RenewTurn(secret.get(), expires.get()));
      }
    }
  }

  private Optional<String> foreign(DesiredState blueprint) {
    List<DesiredObject> wanted = new ArrayList<>();
    List<Optional<? extends KubeObject>> existing = new ArrayList<>();
    wanted.add(blueprint.secret());
    existing.add(observed.secret());
    blueprint.volumeClaim().ifPresent(wanted::add);
    blueprint.volumeClaim().ifPresent(claim -> existing.add(observed.home()));
    wanted.add(blueprint.service());
    existing.add(observed.service());
    blueprint.route().ifPresent(wanted::add);
    blueprint.route().ifPresent(route -> existing.add(observed.route()));
    wanted.add(blueprint.pod());
    existing.add(observed.pod());
    for (int i = 0; i < wanted.size(); i++) {
      ResourceType<?> kind = wanted.get(i).kind();
      Optional<ObjectMeta> meta = existing.get(i).map(KubeObject::metadata);
      if (meta.filter(m -> Ownership.of(kind, m, session) == Ownership.FOREIGN).isPresent()) {
        return Optional.of(Ownership.refusal(kind, wanted.get(i).name()));
      }
    }
    return Optional.empty();
  }

  private Plan only(VdiSession.Status status) {
    return new Plan(List.of(finalizer()), Optional.of(status), new Requeue.Settled());
  }

  private boolean isLeaving(ResourceType<?> kind, ObjectMeta object) {
    return object.isDeleting() || Ownership.of(kind, object, session) == Ownership.PREVIOUS_SESSION;
  }

  private boolean isOurs(Optional<? extends KubeObject> object, ResourceType<?> kind) {
    return object
        .filter(o -> Ownership.of(kind, o.metadata(), session) == Ownership.OURS)
        .isPresent();
  }

  private void deleteOurs(
      Optional<? extends KubeObject> object, ResourceType<?> kind, List<Action> actions) {
    object
        .map(KubeObject::metadata)
        .filter(meta -> !meta.isDeleting())
        .filter(meta -> Ownership.of(kind, meta, session) == Ownership.OURS)
        .ifPresent(meta -> actions.add(new Action.Delete(kind, meta)));
  }

  private ResourceType<?> routeKind() {
    return config.ingress().kind() == SessionConfig.IngressKind.INGRESS
        ? ResourceType.INGRESS
        : ResourceType.INGRESS_ROUTE;
  }

  private ResourceType<?> otherRouteKind() {
    return routeKind().equals(ResourceType.INGRESS)
        ? ResourceType.INGRESS_ROUTE
        : ResourceType.INGRESS;
  }
}
