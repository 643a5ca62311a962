package io.vdi.operator.controller.session;

import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.session.cache.DrainChecker;
import io.vdi.operator.controller.session.cache.TemplateReader;
import io.vdi.operator.controller.session.host.HostAllocator;
import io.vdi.operator.controller.session.plan.ObservedSession;
import io.vdi.operator.controller.session.plan.PodHistory;
import io.vdi.operator.controller.session.resources.DesiredObject;
import io.vdi.operator.controller.session.resources.DesiredState;
import io.vdi.operator.controller.session.resources.SessionConfig;
import java.time.Instant;
import java.util.Optional;

/**
 * Collects what a pass needs to plan: the session's host, what exists, what should exist, what this
 * controller remembers of the pod, and where a pod on a drained node can go.
 */
public final class SessionPreparation {
  private final TemplateReader templates;
  private final SessionObserver observer;
  private final HostAllocator hosts;
  private final DrainChecker drains;
  private final SessionMemory memory;

  public SessionPreparation(
      TemplateReader templates,
      SessionObserver observer,
      HostAllocator hosts,
      DrainChecker drains,
      SessionMemory memory) {
    this.templates = templates;
    this.observer = observer;
    this.hosts = hosts;
    this.drains = drains;
    this.memory = memory;
  }

  record Prepared(ObservedSession observed, DesiredState desired) {}

  /** Takes over the hosts of the previous leader. */
  void restore() {
    hosts.restore().forEach(memory::of);
  }

  /** The session; empty if it does not exist. */
  Optional<VdiSession> find(SessionKey key) {
    return observer.find(key);
  }

  Prepared prepare(VdiSession session, SessionConfig config, Instant now) {
    SessionMemory.Entry remembered = memory.of(session);
    templates.readIfNew(session);
    ObservedSession current =
        observer.observe(session, hosts.claim(session), config, remembered.resync().isDue(now));
    // Before the finalizer is removed: afterwards nothing in the cluster has the session's host.
    hosts.storeReleased();
    DesiredState desired = remembered.desiredState().of(current, config);
    ObservedSession observed = current.withHistory(history(remembered, current, desired, now));
    return new Prepared(drains.check(observed, spec(desired), now), desired);
  }

  /** The session does not exist. */
  void forget(SessionKey key) {
    memory.forget(key);
    hosts.storeReleased();
  }

  private static Optional<Defaults.EffectiveSpec> spec(DesiredState desired) {
    return desired instanceof DesiredState.Children children
        ? Optional.of(children.spec())
        : Optional.empty();
  }

  private static PodHistory history(
      SessionMemory.Entry remembered, ObservedSession observed, DesiredState desired, Instant now) {
    VdiSession session = observed.session();
    if (session.spec().suspended()) {
      remembered.restarts().reset();
    }
    Optional<String> podHash =
        desired instanceof DesiredState.Children children
            ? children.get(ChildKind.POD).map(DesiredObject::hash)
            : Optional.empty();
    return new PodHistory(
        remembered.restarts().observe(observed.pod(), now),
        remembered.startRetry().isDue(session, podHash, now));
  }
}
