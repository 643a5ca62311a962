package io.vdi.operator.gate.api.cluster;

import io.vdi.operator.common.diagnosis.CauseClassifier;
import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.SessionExtension;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.ShareRole;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.gate.api.ApiUser;
import io.vdi.operator.gate.api.CauseView;
import io.vdi.operator.gate.api.SessionView;
import io.vdi.operator.gate.api.SharedView;
import io.vdi.operator.gate.api.SharingView;
import io.vdi.operator.gate.api.Timers;
import io.vdi.operator.gate.desktop.Desktop;
import io.vdi.operator.gate.desktop.Visitor;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Pure: a session as its user sees it. */
final class SessionViews {
  private SessionViews() {}

  /**
   * @param template empty if it is missing
   * @param pod of this session; empty if there is none
   * @param now by the clock of the API server
   */
  static SessionView of(
      VdiSession session,
      Optional<VdiTemplate> template,
      Optional<Pod> pod,
      ApiUser caller,
      DesktopSettings settings,
      ClusterDesktops.Guests guests,
      Instant now) {
    VdiTemplate.Spec spec = template.map(VdiTemplate::spec).orElse(VdiTemplate.Spec.EMPTY);
    Defaults.EffectiveSpec effective = Defaults.effectiveSpec(session.spec(), spec);
    VdiSession.Status status = session.status();
    Phase phase =
        session.metadata().isDeleting()
            ? Phase.TERMINATING
            : status.currentPhase().orElse(Phase.PENDING);
    boolean deleting = session.metadata().isDeleting();
    boolean suspended = session.spec().suspended();
    boolean own = settings.isOwn(caller, session.spec().user());
    Optional<URI> url = Desktop.origin(status.url());
    Optional<KnownCause> cause = phase == Phase.SUSPENDED ? Optional.empty() : cause(status);
    Map<String, String> parameters = parameters(session, settings);
    String message = StartSteps.withoutTag(status.message());
    Timers timers = timers(session, template, effective, now);
    return new SessionView(
        SessionKey.of(session),
        session.uid(),
        session.metadata().resourceVersion(),
        session.spec().user(),
        own,
        session.spec().template(),
        displayName(session.spec().template(), spec),
        Optional.of(spec.icon()).filter(icon -> !icon.isEmpty()),
        phase,
        message,
        cause.map(known -> CauseView.of(known, parameters)),
        url,
        suspended,
        deleting,
        effective.gpu(),
        effective.memory(),
        effective.cpu(),
        effective.persistent() ? Optional.of(effective.size()) : Optional.empty(),
        effective.reclaimPolicy(),
        suspended || deleting
            ? List.of()
            : new StartSteps(session, pod, cause, message, parameters).list(),
        timers,
        session.metadata().creationTimestamp(),
        status.restarts(),
        actions(
            session,
            phase,
            timers,
            url.isPresent() && (own || (caller.isAdmin() && settings.adminsMayOpen())),
            url.isPresent() && !own && caller.isAdmin() && settings.adminsMayWatch(),
            spec.server().canShare(),
            settings.linkPage().isPresent()),
        sharing(session, phase, guests));
  }

  private static SharingView sharing(
      VdiSession session, Phase phase, ClusterDesktops.Guests guests) {
    boolean isWatched =
        phase == Phase.RUNNING
            && session.spec().shares().stream().anyMatch(share -> share.role() == ShareRole.VIEW);
    return new SharingView(
        session.spec().shares(),
        guests.visitors().apply(session.uid()).stream()
            .sorted(Comparator.comparing(Visitor::since).thenComparing(Visitor::email))
            .flatMap(visitor -> visitor(visitor).stream())
            .toList(),
        isWatched ? guests.viewObstacle().apply(SessionKey.of(session)) : Optional.empty());
  }

  private static Optional<SharingView.VisitorView> visitor(Visitor visitor) {
    Optional<SharingView.VisitorRole> role =
        switch (visitor.role()) {
          case OWNER -> Optional.empty();
          case ADMIN -> Optional.of(SharingView.VisitorRole.ADMIN);
          case CONTROL -> Optional.of(SharingView.VisitorRole.CONTROL);
          case VIEW -> Optional.of(SharingView.VisitorRole.VIEW);
          case LINK -> Optional.of(SharingView.VisitorRole.LINK);
          case WATCH -> Optional.of(SharingView.VisitorRole.WATCH);
        };
    return role.map(found -> new SharingView.VisitorView(visitor.email(), found, visitor.since()));
  }

  /** Empty if the desktop is not shared with the caller. */
  static Optional<SharedView> shared(
      VdiSession session,
      Optional<VdiTemplate> template,
      ApiUser caller,
      DesktopSettings settings,
      Instant now) {
    VdiTemplate.Spec spec = template.map(VdiTemplate::spec).orElse(VdiTemplate.Spec.EMPTY);
    if (session.metadata().isDeleting()
        || !spec.server().canShare()
        || settings.isOwn(caller, session.spec().user())) {
      return Optional.empty();
    }
    boolean running = session.status().is(Phase.RUNNING) && !session.spec().suspended();
    return session.spec().shares().stream()
        .filter(share -> share.isActive(now) && settings.isOwn(caller, share.user()))
        .findFirst()
        .map(share ->
            new SharedView(
                SessionKey.of(session),
                session.spec().user(),
                displayName(session.spec().template(), spec),
                Optional.of(spec.icon()).filter(icon -> !icon.isEmpty()),
                share.role(),
                share.end(),
                running ? Desktop.origin(session.status().url()) : Optional.empty()));
  }

  static String displayName(String name, VdiTemplate.Spec template) {
    return Optional.ofNullable(template.displayName()).filter(text -> !text.isBlank()).orElse(name);
  }

  /** The values of placeholders in commands. */
  static Map<String, String> parameters(VdiSession session, DesktopSettings settings) {
    return Map.of(
        "session", session.name(),
        "namespace", session.namespace(),
        "template", session.spec().template(),
        "operator", settings.operatorNamespace());
  }

  /**
   * The cause that the controller has found. The messages that docs/specification.md fixes have no
   * code, so their causes follow from the conditions.
   */
  static Optional<KnownCause> cause(VdiSession.Status status) {
    return KnownCause.ofTag(status.message())
        .or(() ->
            isFalse(status, Condition.TEMPLATE_RESOLVED)
                ? Optional.of(KnownCause.TEMPLATE_MISSING)
                : Optional.empty())
        .or(() ->
            isFalse(status, Condition.QUOTA_ADMITTED)
                ? Optional.of(KnownCause.SESSION_QUOTA)
                : Optional.empty())
        .or(() -> CauseClassifier.ofRefusal("", status.message()));
  }

  private static boolean isFalse(VdiSession.Status status, String condition) {
    return status.condition(condition).filter(found -> !found.isTrue()).isPresent();
  }

  private static Timers timers(
      VdiSession session,
      Optional<VdiTemplate> template,
      Defaults.EffectiveSpec effective,
      Instant now) {
    VdiSession.Status status = session.status();
    Optional<Instant> started = session.spec().suspended() ? Optional.empty() : status.startedAt();
    boolean kept = session.metadata().annotation(Annotations.KEEP).equals(Optional.of("true"));
    Optional<Duration> lifetime = kept ? effective.maxTimeout() : Optional.of(effective.lifetime());
    Optional<Instant> ends =
        template.isPresent()
            ? started.flatMap(start -> lifetime.map(start::plus))
            : started.flatMap(start -> Optional.ofNullable(status.expiresAt()));
    Optional<Instant> activity = Optional.ofNullable(status.lastActivityTime());
    Optional<Instant> sleeps =
        kept || !status.is(Phase.RUNNING)
            ? Optional.empty()
            : started.flatMap(start ->
                effective
                    .idleTimeout()
                    .map(idle -> activity.filter(start::isBefore).orElse(start).plus(idle)));
    return new Timers(
        started,
        effective.timeout(),
        effective.maxTimeout(),
        ends,
        activity,
        effective.idleTimeout(),
        sleeps,
        effective.idleAction(),
        kept ? Optional.empty() : SessionExtension.stop(session, effective, now));
  }

  private static Set<SessionView.Action> actions(
      VdiSession session,
      Phase phase,
      Timers timers,
      boolean mayOpen,
      boolean mayWatch,
      boolean canShare,
      boolean mayLink) {
    Set<SessionView.Action> actions = EnumSet.noneOf(SessionView.Action.class);
    if (session.metadata().isDeleting()) {
      return actions;
    }
    actions.add(SessionView.Action.DELETE);
    if (canShare) {
      actions.add(SessionView.Action.SHARE);
    }
    if (canShare && mayLink) {
      actions.add(SessionView.Action.LINK);
    }
    if (session.spec().suspended()) {
      actions.add(SessionView.Action.RESUME);
      return actions;
    }
    actions.add(SessionView.Action.SUSPEND);
    if (timers.canExtend(Duration.ZERO)) {
      actions.add(SessionView.Action.EXTEND);
    }
    if (phase == Phase.RUNNING && mayOpen) {
      actions.add(SessionView.Action.OPEN);
    }
    if (phase == Phase.RUNNING && mayWatch && canShare) {
      actions.add(SessionView.Action.WATCH);
    }
    return actions;
  }
}
