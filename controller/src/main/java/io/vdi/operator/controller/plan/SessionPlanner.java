package io.vdi.operator.controller.plan;

import io.vdi.operator.common.causes.Cause;
import io.vdi.operator.common.kube.Kind;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.Meta;
import io.vdi.operator.common.model.Names;
import io.vdi.operator.common.model.Resource;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VolumeClaim;
import io.vdi.operator.controller.objects.Blueprint;
import io.vdi.operator.controller.objects.Desired;
import io.vdi.operator.controller.objects.Workload;
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
  private final SessionObserved seen;
  private final VdiSession session;
  private final Settings settings;
  private final BiFunction<Workload, Optional<VolumeClaim>, Blueprint> blueprints;
  private final Instant now;

  private SessionPlanner(
      SessionObserved seen,
      Settings settings,
      BiFunction<Workload, Optional<VolumeClaim>, Blueprint> blueprints,
      Instant now) {
    this.seen = seen;
    this.session = seen.session();
    this.settings = settings;
    this.blueprints = blueprints;
    this.now = now;
  }

  public static Plan plan(SessionObserved seen, Settings settings, Instant now) {
    return plan(seen, settings, Blueprint::of, now);
  }

  /**
   * The same, with another way to the same blueprints.
   *
   * @param blueprints as {@link Blueprint#of}
   */
  public static Plan plan(
      SessionObserved seen,
      Settings settings,
      BiFunction<Workload, Optional<VolumeClaim>, Blueprint> blueprints,
      Instant now) {
    return new SessionPlanner(seen, settings, blueprints, now).plan();
  }

  private Plan plan() {
    if (session.metadata().deleting()) {
      return terminate();
    }
    if (seen.template().isEmpty()) {
      return withoutTemplate();
    }
    Defaults.Complete spec = Defaults.complete(session.spec(), seen.template().get().spec());
    StatusRules status = new StatusRules(seen, settings, Optional.of(spec), now);
    if (!spec.problems().isEmpty()) {
      return only(
          status.failed("InvalidSpec", String.join("; ", spec.problems()), Cause.TEMPLATE_INVALID));
    }
    Blueprint blueprint =
        blueprints.apply(
            new Workload(session, seen.template().get().spec(), spec, seen.host(), settings),
            seen.volumeClaim());
    Optional<String> foreign = foreign(blueprint);
    if (foreign.isPresent()) {
      return only(status.failed("ForeignObject", foreign.get(), Cause.FOREIGN_OBJECT));
    }
    return converge(blueprint, status);
  }

  /** Route and pod first, then we let go; the garbage collector takes the rest with the session. */
  private Plan terminate() {
    List<Action> deletions = new ArrayList<>();
    deleteOurs(seen.route(), routeKind(), deletions);
    deleteOurs(seen.otherRoute(), otherRouteKind(), deletions);
    deleteOurs(seen.pod(), Kind.POD, deletions);
    boolean left =
        isOurs(seen.route(), routeKind())
            || isOurs(seen.otherRoute(), otherRouteKind())
            || isOurs(seen.pod(), Kind.POD);
    if (left) {
      return new Plan(
          List.of(deletions),
          Optional.of(new StatusRules(seen, settings, Optional.empty(), now).terminating()),
          new Next.Settled());
    }
    boolean held = session.metadata().finalizers().contains(VdiSession.FINALIZER);
    return new Plan(
        held ? List.of(List.of(new Action.RemoveFinalizer(session))) : List.of(),
        Optional.empty(),
        new Next.Settled());
  }

  /**
   * Nothing new can be made; a desktop that runs already is left alone, and can still be suspended.
   */
  private Plan withoutTemplate() {
    StatusRules status = new StatusRules(seen, settings, Optional.empty(), now);
    if (!isOurs(seen.pod(), Kind.POD)) {
      return only(
          session.spec().suspended()
              ? status.observed(List.of(), false)
              : status.failed(
                  "TemplateNotFound",
                  "Template not found: " + session.spec().template(),
                  Cause.TEMPLATE_MISSING));
    }
    List<Action> actions = new ArrayList<>();
    if (session.spec().suspended()) {
      deleteOurs(seen.pod(), Kind.POD, actions);
    }
    return new Plan(
        List.of(finalizer(), actions),
        Optional.of(status.observed(List.of(), false)),
        new Next.Settled());
  }

  private Plan converge(Blueprint blueprint, StatusRules status) {
    List<String> waitingFor = new ArrayList<>();
    List<Action> independent = new ArrayList<>();
    ensure(Optional.of(blueprint.secret()), seen.secret(), independent, waitingFor);
    ensure(blueprint.volumeClaim(), seen.volumeClaim(), independent, waitingFor);
    ensure(Optional.of(blueprint.service()), seen.service(), independent, waitingFor);
    if (seen.routeKindServed()) {
      ensure(blueprint.route(), seen.route(), independent, waitingFor);
    }
    deleteOurs(seen.otherRoute(), otherRouteKind(), independent);

    List<Action> pod = new ArrayList<>();
    boolean stopped = session.spec().suspended() || status.hasGivenUp();
    if (stopped) {
      deleteOurs(seen.pod(), Kind.POD, pod);
    } else {
      ensurePod(blueprint.pod(), pod, waitingFor);
      if (!pod.isEmpty()) {
        renewTurn(independent);
      }
    }
    boolean outdated = seen.pod().filter(p -> !blueprint.pod().matches(p.metadata())).isPresent();
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
      Optional<Desired> wanted,
      Optional<? extends Resource> existing,
      List<Action> actions,
      List<String> waitingFor) {
    if (wanted.isEmpty()) {
      return;
    }
    Desired desired = wanted.get();
    if (existing.isEmpty()) {
      actions.add(new Action.Create(desired));
      return;
    }
    Meta current = existing.get().metadata();
    if (isLeaving(desired.kind(), current)) {
      waitingFor.add(desired.kind().name() + " " + desired.name());
    } else if (seen.mendDrift() || !desired.matches(current)) {
      actions.add(new Action.Update(desired, current));
    }
  }

  private void ensurePod(Desired desired, List<Action> actions, List<String> waitingFor) {
    if (seen.pod().isEmpty()) {
      if (seen.quotaWait().isEmpty()) {
        actions.add(new Action.Create(desired));
      }
    } else if (isLeaving(Kind.POD, seen.pod().get().metadata())) {
      waitingFor.add("Pod " + desired.name());
    }
  }

  /** Credentials that a pod reads at its start must hold for as long as it may run. */
  private void renewTurn(List<Action> actions) {
    Optional<Meta> secret = seen.secret().map(Resource::metadata);
    Optional<Instant> expires = TurnLife.expires(seen, settings, now);
    boolean known = secret.filter(s -> !isLeaving(Kind.SECRET, s)).isPresent();
    if (known && expires.isPresent()) {
      boolean lasts =
          secret
              .get()
              .annotation(Names.TURN_EXPIRES)
              .flatMap(TurnLife::parse)
              .filter(end -> !end.isBefore(expires.get().minus(TurnLife.SPARE)))
              .isPresent();
      if (!lasts) {
        actions.add(new Action.RenewTurn(secret.get(), expires.get()));
      }
    }
  }

  private Optional<String> foreign(Blueprint blueprint) {
    List<Desired> wanted = new ArrayList<>();
    List<Optional<? extends Resource>> existing = new ArrayList<>();
    wanted.add(blueprint.secret());
    existing.add(seen.secret());
    blueprint.volumeClaim().ifPresent(wanted::add);
    blueprint.volumeClaim().ifPresent(claim -> existing.add(seen.volumeClaim()));
    wanted.add(blueprint.service());
    existing.add(seen.service());
    blueprint.route().ifPresent(wanted::add);
    blueprint.route().ifPresent(route -> existing.add(seen.route()));
    wanted.add(blueprint.pod());
    existing.add(seen.pod());
    for (int i = 0; i < wanted.size(); i++) {
      Kind<?> kind = wanted.get(i).kind();
      Optional<Meta> meta = existing.get(i).map(Resource::metadata);
      if (meta.filter(m -> Ownership.of(kind, m, session) == Ownership.FOREIGN).isPresent()) {
        return Optional.of(Ownership.refusal(kind, wanted.get(i).name()));
      }
    }
    return Optional.empty();
  }

  private Plan only(VdiSession.Status status) {
    return new Plan(List.of(finalizer()), Optional.of(status), new Next.Settled());
  }

  private boolean isLeaving(Kind<?> kind, Meta object) {
    return object.deleting() || Ownership.of(kind, object, session) == Ownership.FORMER;
  }

  private boolean isOurs(Optional<? extends Resource> object, Kind<?> kind) {
    return object
        .filter(o -> Ownership.of(kind, o.metadata(), session) == Ownership.OURS)
        .isPresent();
  }

  private void deleteOurs(Optional<? extends Resource> object, Kind<?> kind, List<Action> actions) {
    object
        .map(Resource::metadata)
        .filter(meta -> !meta.deleting())
        .filter(meta -> Ownership.of(kind, meta, session) == Ownership.OURS)
        .ifPresent(meta -> actions.add(new Action.Delete(kind, meta)));
  }

  private Kind<?> routeKind() {
    return settings.ingress().kind() == Settings.IngressKind.INGRESS
        ? Kind.INGRESS
        : Kind.INGRESS_ROUTE;
  }

  private Kind<?> otherRouteKind() {
    return routeKind().equals(Kind.INGRESS) ? Kind.INGRESS_ROUTE : Kind.INGRESS;
  }
}
