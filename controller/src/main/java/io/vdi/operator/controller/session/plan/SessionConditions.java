package io.vdi.operator.controller.session.plan;

import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.diagnosis.StatusMessage;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.HttpRoute;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.session.resources.ServersTransportBuilder;
import io.vdi.operator.controller.session.resources.SessionConfig;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The conditions of a session's status; docs/specification.md, section 1. */
final class SessionConditions {
  private final ObservedSession observed;
  private final VdiSession session;
  private final VdiSession.Status before;
  private final SessionConfig config;
  private final Optional<Defaults.EffectiveSpec> spec;
  private final Instant now;

  SessionConditions(
      ObservedSession observed,
      SessionConfig config,
      Optional<Defaults.EffectiveSpec> spec,
      Instant now) {
    this.observed = observed;
    this.session = observed.session();
    this.before = session.status();
    this.config = config;
    this.spec = spec;
    this.now = now;
  }

  List<Condition> of(PhaseDecision decision) {
    List<Condition> conditions = new ArrayList<>(ofPhase(decision));
    conditions.add(
        observed.template().isPresent()
            ? condition(Condition.TEMPLATE_RESOLVED, true, "Found", "")
            : condition(
                Condition.TEMPLATE_RESOLVED,
                false,
                "TemplateNotFound",
                StatusMessage.TEMPLATE_NOT_FOUND.text(session.spec().template())));
    conditions.add(podScheduled());
    conditions.add(storageReady());
    conditions.add(routeReady());
    accessMissing().ifPresent(conditions::add);
    nodeDraining(decision.phase()).ifPresent(conditions::add);
    if (observed.quotaWait().isPresent()) {
      conditions.add(waiting(observed.quotaWait().get()));
    } else if (!session.spec().suspended()
        && before.condition(Condition.QUOTA_ADMITTED).isPresent()) {
      // QuotaAdmitted=True is reported only for sessions that had to wait.
      conditions.add(condition(Condition.QUOTA_ADMITTED, true, "Admitted", ""));
    }
    return List.copyOf(conditions);
  }

  /** The next leader takes the place in the queue from its time. */
  private Condition waiting(QuotaWait wait) {
    return new Condition(
        Condition.QUOTA_ADMITTED,
        "False",
        PhaseRules.QUOTA_EXCEEDED,
        wait.message(),
        wait.since().truncatedTo(ChronoUnit.SECONDS),
        session.metadata().generation());
  }

  /**
   * The conditions that follow from the phase. {@code Reconciling} and {@code Stalled} are present
   * only while they are true, and {@code Ready} is absent from a suspended session, because kstatus
   * (Argo CD, Flux, Helm) reads {@code Ready=False} as work in progress.
   */
  List<Condition> ofPhase(PhaseDecision decision) {
    Phase phase = decision.phase();
    List<Condition> conditions = new ArrayList<>();
    if (phase != Phase.SUSPENDED) {
      conditions.add(
          condition(Condition.READY, phase == Phase.RUNNING, decision.reason(), decision.advice()));
    }
    switch (phase) {
      case PENDING, CREATING, TERMINATING ->
          conditions.add(
              condition(Condition.RECONCILING, true, decision.reason(), decision.text()));
      case FAILED ->
          conditions.add(condition(Condition.STALLED, true, decision.reason(), decision.text()));
      case SUSPENDED -> conditions.add(condition(Condition.SUSPENDED, true, "Suspended", ""));
      case RUNNING -> {}
    }
    failed(decision).ifPresent(conditions::add);
    if (phase == Phase.RUNNING || before.condition(Condition.INITIALIZED).isPresent()) {
      conditions.add(condition(Condition.INITIALIZED, true, "DesktopReady", ""));
    }
    return conditions;
  }

  /** Stays true while a start that was given up is tried again, so that its age is known. */
  private Optional<Condition> failed(PhaseDecision decision) {
    Optional<Condition> earlier = before.condition(Condition.FAILED);
    boolean retried =
        (decision.phase() == Phase.PENDING || decision.phase() == Phase.CREATING)
            && before.observedGeneration() == session.metadata().generation()
            && earlier
                .filter(Condition::isTrue)
                .filter(failed -> failed.reason().equals(Condition.STARTUP_TIMEOUT))
                .isPresent();
    if (retried) {
      return earlier;
    }
    return decision.phase() == Phase.FAILED
        ? Optional.of(condition(Condition.FAILED, true, decision.reason(), decision.advice()))
        : earlier.map(any -> condition(Condition.FAILED, false, decision.reason(), ""));
  }

  private Optional<Condition> nodeDraining(Phase phase) {
    return switch (phase) {
      case PENDING, CREATING, RUNNING ->
          NodeDrain.condition(NodeDrain.decide(observed, spec, now), session)
              .map(text -> condition(Condition.NODE_DRAINING, true, text.reason(), text.text()));
      case SUSPENDED, TERMINATING, FAILED -> Optional.empty();
    };
  }

  private Condition podScheduled() {
    String type = Condition.POD_SCHEDULED;
    if (observed.pod().isEmpty()) {
      return condition(type, false, session.spec().suspended() ? "Suspended" : "NoPod", "");
    }
    Pod pod = observed.pod().get();
    return pod.isScheduled()
        ? condition(type, true, "Scheduled", "")
        : condition(
            type,
            false,
            Condition.find(pod.status().conditions(), type)
                .map(Condition::reason)
                .filter(reason -> !reason.isEmpty())
                .orElse("Scheduling"),
            pod.unschedulable().orElse(""));
  }

  private Condition storageReady() {
    String type = Condition.STORAGE_READY;
    if (spec.filter(s -> !s.persistent()).isPresent()) {
      return condition(type, true, "NotPersistent", "");
    }
    return observed
        .home()
        .map(claim ->
            claim.isBound()
                ? condition(type, true, "Bound", "")
                : condition(type, false, "NotBound", notBound(claim)))
        .orElseGet(() -> condition(type, false, "NotBound", ""));
  }

  private static String notBound(PersistentVolumeClaim claim) {
    if (claim.status().phase().equals("Lost")) {
      return StatusMessage.VOLUME_LOST.text();
    }
    return claim.spec().storageClassName().isEmpty()
        ? StatusMessage.WAITING_FOR_VOLUME.text()
        : StatusMessage.WAITING_FOR_VOLUME_OF_CLASS.text(claim.spec().storageClassName());
  }

  private Condition routeReady() {
    String type = Condition.ROUTE_READY;
    if (config.ingress().kind() == SessionConfig.IngressKind.NONE) {
      return condition(type, true, "NotWanted", "");
    }
    if (observed
        .template()
        .filter(found -> ServersTransportBuilder.isUnreachable(found.spec(), config))
        .isPresent()) {
      return condition(
          type, false, "BackendNotSupported", StatusMessage.BACKEND_NOT_SUPPORTED.text());
    }
    if (!observed.routeTypeServed()) {
      return condition(
          type, false, "KindNotServed", notServed() + " " + KnownCause.ROUTE_KIND_NOT_SERVED.tag());
    }
    // The status is written after the plan, which creates the route.
    return refusal()
        .map(refusal ->
            condition(
                type,
                false,
                refusal.reason(),
                "Gateway %s: %s %s"
                    .formatted(
                        refusal.gateway(),
                        refusal.message(),
                        KnownCause.ROUTER_WITHOUT_ROUTE.tag())))
        .orElseGet(() -> condition(type, true, "Created", ""));
  }

  /** What the router of a Gateway reports; routers of other kinds report nothing. */
  private Optional<HttpRoute.Refusal> refusal() {
    return observed
        .child(ChildKind.ROUTE)
        .flatMap(
            route -> route.object() instanceof HttpRoute http ? http.refusal() : Optional.empty());
  }

  private String notServed() {
    String routes = config.routeType().qualifiedName();
    if (observed
        .template()
        .flatMap(found -> ServersTransportBuilder.of(found.spec(), config))
        .isPresent()) {
      return "the cluster has no %s or no %s, which desktops with HTTPS need: install Traefik's CRDs"
          .formatted(routes, ResourceType.SERVERS_TRANSPORT.qualifiedName());
    }
    String crds =
        switch (config.ingress().kind()) {
          case GATEWAY -> "the CRDs of the Gateway API";
          case TRAEFIK, INGRESS, NONE -> "Traefik's CRDs";
        };
    return config.middleware().isPresent()
        ? "the cluster has no %s or no %s: install %s, or set access.mode to basic"
            .formatted(
                routes,
                ResourceType.MIDDLEWARE.qualifiedName(),
                config.ingress().kind() == SessionConfig.IngressKind.GATEWAY
                    ? crds + " and Traefik's CRDs"
                    : crds)
        : "the cluster has no %s: install %s, or set ingress.kind to ingress or none"
            .formatted(routes, crds);
  }

  /** Why the user of the session gets no access to its Secret; empty if nothing prevents it. */
  private Optional<Condition> accessMissing() {
    if (config.access().isEmpty()) {
      return Optional.empty();
    }
    if (!observed.accessKnown()) {
      return Optional.of(
          noAccess("NotWatched", "the controller cannot read Roles and RoleBindings"));
    }
    if (config.userNames(session).isEmpty()) {
      return Optional.of(
          noAccess(
              "NoUserName",
              "no Kubernetes user is known for "
                  + session.spec().user()
                  + ": identity.extraKey is set, so add the user to identity.users"));
    }
    return Stream.of(ChildKind.ROLE, ChildKind.ROLE_BINDING)
        .flatMap(kind -> observed.child(kind).stream())
        .filter(ChildState::isForeign)
        .findFirst()
        .map(child ->
            noAccess(
                Ownership.FOREIGN_OBJECT,
                Ownership.refusal(child.type(), child.metadata().name())));
  }

  Condition noAccess(String reason, String message) {
    return condition(Condition.ACCESS_READY, false, reason, message);
  }

  Condition condition(String type, boolean holds, String reason, String message) {
    return Condition.of(
            type,
            holds ? "True" : "False",
            PhaseDecision.camelCase(reason),
            message,
            session.metadata().generation())
        .withTransitionFrom(before.conditions(), now);
  }
}
