package io.vdi.operator.gate.api.cluster;

import com.google.gson.JsonObject;
import io.vdi.operator.common.diagnosis.StatusMessage;
import io.vdi.operator.common.identity.EmailAddress;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.MergePatch;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.Durations;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.ReclaimPolicy;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.SessionExtension;
import io.vdi.operator.common.model.Share;
import io.vdi.operator.common.model.TemplateLimits;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.model.WatchedNamespaces;
import io.vdi.operator.gate.api.ApiUser;
import io.vdi.operator.gate.api.GateMessage;
import io.vdi.operator.gate.api.ObjectNames;
import io.vdi.operator.gate.api.Outcome;
import io.vdi.operator.gate.api.ProblemType;
import io.vdi.operator.gate.api.SessionChange;
import io.vdi.operator.gate.api.StartRequest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** Writes sessions. Every write is a call in the name of the caller. */
final class SessionWriter {
  private static final Duration MAX_EXTENSION = Duration.ofDays(365);

  /** How long the API server can take to observe a new RoleBinding. */
  private static final int BINDING_ATTEMPTS = 20;

  private static final Duration BINDING_PAUSE = Duration.ofMillis(100);

  /**
   * How often a change is tried while the API server or the webhook is overloaded. Each attempt
   * takes at most the 5 s of the webhook, and browsers and routers wait for longer than all.
   */
  private static final int CHANGE_ATTEMPTS = 4;

  private static final Duration CHANGE_PAUSE = Duration.ofMillis(250);

  private final CallerClients clients;
  private final DesktopCaches caches;
  private final DesktopSettings settings;
  private final WatchedNamespaces watched;
  private final NamespaceStore namespaces;
  private final InstantSource clock;
  private final SessionNames names = new SessionNames();
  private final SecureRandom random = new SecureRandom();

  SessionWriter(
      CallerClients clients,
      DesktopCaches caches,
      DesktopSettings settings,
      WatchedNamespaces watched,
      NamespaceStore namespaces,
      InstantSource clock) {
    this.clients = clients;
    this.caches = caches;
    this.settings = settings;
    this.watched = watched;
    this.namespaces = namespaces;
    this.clock = clock;
  }

  Outcome<VdiSession> create(ApiUser caller, StartRequest request) {
    String user = request.user().orElse(caller.email());
    boolean other = !settings.isOwn(caller, user);
    if (!EmailAddress.isValid(user)) {
      return Outcome.refused(ProblemType.INVALID, user + " is not an e-mail address", "user");
    }
    if (!caller.isAdmin() && other) {
      return Outcome.refused(
          ProblemType.FORBIDDEN, "only admins start sessions for other users", "user");
    }
    if (!caller.isAdmin() && request.namespace().isPresent()) {
      return Outcome.refused(
          ProblemType.FORBIDDEN, "only admins choose the namespace", "namespace");
    }
    if (request.namespace().filter(name -> !ObjectNames.isLabel(name)).isPresent()) {
      return Outcome.refused(
          ProblemType.INVALID, "namespace must be the name of a namespace", "namespace");
    }
    Optional<VdiTemplate> template = caches.templateForStart(request.template());
    if (template.isEmpty()) {
      return Outcome.refused(
          ProblemType.INVALID,
          StatusMessage.TEMPLATE_NOT_FOUND.text(request.template()),
          "template");
    }
    if (!TemplateLimits.allows(template.get().spec(), user, caller.groups())) {
      return Outcome.refused(
          ProblemType.FORBIDDEN,
          TemplateLimits.accessViolation(request.template(), user),
          "template");
    }
    return clients
        .of(caller)
        .flatMap(client ->
            place(request, user)
                .flatMap(place ->
                    create(
                        client,
                        place,
                        user,
                        SessionObjects.of(
                            request,
                            user,
                            place.name(),
                            request
                                .name()
                                .orElseGet(
                                    () -> names.next(request.template(), place.name(), caches)),
                            template.get()))));
  }

  private Outcome<NamespaceStore.Ready> place(StartRequest request, String user) {
    return request
        .namespace()
        .<Outcome<NamespaceStore.Ready>>map(
            name -> new Outcome.Done<>(new NamespaceStore.Ready(name, false)))
        .orElseGet(() -> namespaces.ensure(user));
  }

  private Outcome<VdiSession> create(
      KubeClient client, NamespaceStore.Ready place, String user, JsonObject object) {
    if (!watched.includes(place.name())) {
      return Outcome.refused(
          ProblemType.INVALID, GateMessage.NAMESPACE_NOT_WATCHED.text(place.name()), "namespace");
    }
    ApiResult<VdiSession> result =
        send(
            () -> client.create(ResourceType.SESSION, place.name(), object),
            answer -> place.isFresh() && isMissingPermission(answer),
            BINDING_ATTEMPTS,
            () -> BINDING_PAUSE);
    if (result.isNotFound()) {
      namespaces.forget(user);
      return Outcome.refused(
          ProblemType.CONFLICT, GateMessage.NAMESPACE_GONE.text(place.name()), "namespace");
    }
    result.ok().ifPresent(caches.sessions()::created);
    return Failures.outcome(result, false);
  }

  private static boolean isMissingPermission(ApiResult<?> result) {
    return result instanceof ApiResult.Rejected<?> rejected
        && rejected.code() == 403
        && ApiFailure.isMissingPermission(rejected.reason(), rejected.message());
  }

  /**
   * @param withVersion whether the caller has named the version of the session
   */
  Outcome<VdiSession> change(
      ApiUser caller, VdiSession session, boolean withVersion, SessionChange change) {
    Defaults.EffectiveSpec effective = effectiveSpec(session);
    Optional<String> problem =
        change
            .extendBy()
            .filter(by -> !by.isPositive() || by.compareTo(MAX_EXTENSION) > 0)
            .map(by -> "extendBy must be above zero and at most 8760h");
    if (problem.isPresent()) {
      return Outcome.refused(ProblemType.INVALID, problem.get(), "extendBy");
    }
    Optional<SessionExtension> extension =
        change.extendBy().map(by -> SessionExtension.by(by, session, effective, clock.instant()));
    Optional<Duration> timeout =
        change.timeout().or(() -> extension.map(SessionExtension::timeout));
    Optional<Instant> awakeUntil = extension.flatMap(SessionExtension::awakeUntil);
    Optional<Boolean> suspended =
        change.suspended().filter(wanted -> wanted != session.spec().suspended());
    Optional<String> newTimeout =
        timeout.filter(wanted -> !wanted.equals(effective.timeout())).map(Durations::format);
    List<Share> before = session.spec().shares();
    List<Share> shares =
        change
            .share()
            .map(share -> Share.with(before, share))
            .or(() -> change.unshare().map(user -> Share.without(before, user)))
            .orElse(before);
    boolean sharing = !shares.equals(before);
    if (suspended.isEmpty() && newTimeout.isEmpty() && awakeUntil.isEmpty() && !sharing) {
      return new Outcome.Done<>(session);
    }
    // Of two changes at the same time one is a conflict, so that none is lost.
    boolean versioned = withVersion || change.extendBy().isPresent() || sharing;
    MergePatch patch = patchOf(session, versioned);
    suspended.ifPresent(value -> patch.set("spec.suspended", value));
    newTimeout.ifPresent(value -> patch.set("spec.timeout", value));
    awakeUntil.ifPresent(value -> patch.set("spec.awakeUntil", value.toString()));
    if (sharing) {
      patch.set("spec.shares", Share.toJson(shares));
    }
    return clients
        .of(caller)
        .flatMap(client -> patch(client, session, patch, versioned, withVersion));
  }

  private Defaults.EffectiveSpec effectiveSpec(VdiSession session) {
    return Defaults.effectiveSpec(
        session.spec(),
        caches.template(session).map(VdiTemplate::spec).orElse(VdiTemplate.Spec.EMPTY));
  }

  private static MergePatch patchOf(VdiSession session, boolean versioned) {
    return versioned
        ? MergePatch.forVersion(session.metadata())
        : MergePatch.forObject(session.metadata());
  }

  /**
   * Patches the session. While the API server or the webhook is overloaded, a patch of any version
   * is tried again: it says the same, so a second write after an unclear answer changes nothing.
   *
   * @param versioned whether the patch is for one version
   * @param withVersion whether the caller has named it
   */
  private Outcome<VdiSession> patch(
      KubeClient client,
      VdiSession session,
      MergePatch patch,
      boolean versioned,
      boolean withVersion) {
    ApiResult<VdiSession> result =
        send(
            () ->
                client.mergePatch(
                    ResourceType.SESSION, session.namespace(), session.name(), patch.toJson()),
            answer -> !versioned && isOverload(answer),
            CHANGE_ATTEMPTS,
            () -> CHANGE_PAUSE.plusMillis(random.nextInt((int) CHANGE_PAUSE.toMillis())));
    result.ok().ifPresent(caches.sessions()::changed);
    return Failures.outcome(result, withVersion);
  }

  /** 500: the API server got no answer of the webhook in time. 503: the webhook cannot decide. */
  private static boolean isOverload(ApiResult<?> result) {
    return result instanceof ApiResult.Rejected<?> rejected
        && (rejected.code() == 429 || rejected.code() >= 500);
  }

  /**
   * @param home what happens to the home; empty: what session and template say
   * @param withVersion whether the caller has named the version of the session
   */
  Outcome<VdiSession> delete(
      ApiUser caller, VdiSession session, Optional<ReclaimPolicy> home, boolean withVersion) {
    return clients.of(caller).flatMap(client -> delete(client, session, home, withVersion));
  }

  private Outcome<VdiSession> delete(
      KubeClient client, VdiSession session, Optional<ReclaimPolicy> home, boolean withVersion) {
    boolean known =
        caches.template(session).isPresent()
            || session.spec().persistence().reclaimPolicy() != null;
    Optional<ReclaimPolicy> changed =
        home.filter(policy -> !known || policy != effectiveSpec(session).reclaimPolicy());
    Outcome<VdiSession> current =
        changed
            .map(policy ->
                patch(
                    client,
                    session,
                    patchOf(session, withVersion)
                        .set("spec.persistence.reclaimPolicy", policy.text()),
                    withVersion,
                    withVersion))
            .orElseGet(() -> new Outcome.Done<>(session));
    return current.flatMap(observed -> {
      ApiResult<VdiSession> result =
          withVersion
              ? client.deleteIfUnchanged(ResourceType.SESSION, observed.metadata())
              : client.delete(
                  ResourceType.SESSION, observed.namespace(), observed.name(), observed.uid());
      result.ok().ifPresent(rest -> remember(observed, rest));
      return Failures.<VdiSession>outcome(result.map(rest -> observed), withVersion);
    });
  }

  /** The session stays until its finalizer is removed. */
  private void remember(VdiSession session, VdiSession answer) {
    if (answer.metadata().equals(ObjectMeta.EMPTY)) {
      caches.sessions().deleted(session.namespace(), session.name(), session.uid());
    } else {
      caches.sessions().changed(answer);
    }
  }

  /** Sends a request, and again after a pause while the answer is not final. */
  private static ApiResult<VdiSession> send(
      Supplier<ApiResult<VdiSession>> request,
      Predicate<ApiResult<VdiSession>> again,
      int attempts,
      Supplier<Duration> pause) {
    ApiResult<VdiSession> result = request.get();
    try {
      for (int attempt = 1; attempt < attempts && again.test(result); attempt++) {
        TimeUnit.MILLISECONDS.sleep(pause.get().toMillis());
        result = request.get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return result;
  }
}
