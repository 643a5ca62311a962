package io.vdi.operator.controller.session.plan;

import io.vdi.operator.common.diagnosis.StatusMessage;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.GpuRequest;
import io.vdi.operator.common.model.Node;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is known about one session at one moment.
 *
 * @param host the first label of the session's host; it does not change while the session exists
 * @param children the existing objects by kind; the route is the one of the configured type
 * @param otherRoutes routes of the types that are not configured, from an earlier {@code
 *     ingress.kind}
 * @param routeTypeServed whether the cluster serves the configured type of routes, and the types of
 *     the Middleware and the ServersTransport if its route refers to them, and such a route reaches
 *     the desktop
 * @param resync whether to write all objects, also those with an equal hash
 * @param node the node of its pod; empty if there is none, or it is unknown
 * @param shared the objects that it shares with other sessions: the NetworkPolicy of its template,
 *     unless {@code network.mode} is none, what its route needs if the router asks a gate, and the
 *     ServersTransport if its desktop speaks HTTPS
 * @param quotaWait why the quotas do not admit the pod; empty if they do, or were not asked
 * @param history what earlier passes observed of its pods
 * @param accessKnown whether its Role and RoleBinding are among the children if they exist
 * @param drainCheck whether it can leave its node, which is drained; empty if that was not checked
 * @param claimsServed whether the cluster serves ResourceClaimTemplates
 */
public record ObservedSession(
    VdiSession session,
    Optional<VdiTemplate> template,
    String host,
    Map<ChildKind, ChildState> children,
    List<ChildState> otherRoutes,
    boolean routeTypeServed,
    boolean resync,
    Optional<Node> node,
    List<SharedState> shared,
    Optional<QuotaWait> quotaWait,
    PodHistory history,
    boolean accessKnown,
    boolean claimsServed,
    Optional<DrainCheck> drainCheck) {

  public ObservedSession {
    Map<ChildKind, ChildState> copy = new EnumMap<>(ChildKind.class);
    copy.putAll(children);
    children = Collections.unmodifiableMap(copy);
    otherRoutes = List.copyOf(otherRoutes);
    shared = List.copyOf(shared);
  }

  /** The same session with what earlier passes observed. */
  public ObservedSession withHistory(PodHistory observed) {
    return with(children, resync, node, quotaWait, observed, drainCheck);
  }

  /**
   * The same session with other children.
   *
   * @param all whether to write all objects, also those with an equal hash
   */
  public ObservedSession withChildren(Map<ChildKind, ChildState> current, boolean all) {
    return with(current, all, node, quotaWait, history, drainCheck);
  }

  /** The same session, not admitted by the quotas. */
  public ObservedSession waitingForQuota(QuotaWait wait) {
    return with(children, resync, node, Optional.of(wait), history, drainCheck);
  }

  /** The same session with its node as the API server returned it. */
  public ObservedSession withNode(Node live) {
    return with(children, resync, Optional.of(live), quotaWait, history, drainCheck);
  }

  /** The same session after it was checked whether it can leave its node. */
  public ObservedSession withDrainCheck(DrainCheck check) {
    return with(children, resync, node, quotaWait, history, Optional.of(check));
  }

  private ObservedSession with(
      Map<ChildKind, ChildState> newChildren,
      boolean newResync,
      Optional<Node> newNode,
      Optional<QuotaWait> newWait,
      PodHistory newHistory,
      Optional<DrainCheck> newCheck) {
    return new ObservedSession(
        session,
        template,
        host,
        newChildren,
        otherRoutes,
        routeTypeServed,
        newResync,
        newNode,
        shared,
        newWait,
        newHistory,
        accessKnown,
        claimsServed,
        newCheck);
  }

  public Optional<ChildState> child(ChildKind kind) {
    return Optional.ofNullable(children.get(kind));
  }

  public Optional<Pod> pod() {
    return child(ChildKind.POD)
        .flatMap(child -> child.object() instanceof Pod pod ? Optional.of(pod) : Optional.empty());
  }

  /**
   * Why the pod cannot be relied on: its node does not report. Empty while the pod is ready and is
   * to stay.
   */
  Optional<String> lostNode() {
    return pod()
        .filter(pod -> !pod.isFinished())
        .filter(pod -> !pod.isReady() || pod.metadata().isDeleting())
        .flatMap(pod -> node)
        .flatMap(lost ->
            lost.notReadySince()
                .map(since -> StatusMessage.NODE_NOT_READY.text(lost.name(), since)));
  }

  /**
   * Whether the start of the session took too long and was given up. Its pod is deleted, so that it
   * holds no GPU. The start is tried again after some time, and when spec or template change.
   */
  public boolean hasGivenUp() {
    return !history.startIsRetried()
        && startTimedOut(session)
        && session.status().observedGeneration() == session.metadata().generation();
  }

  /** Whether the status says that the start was given up. */
  public static boolean startTimedOut(VdiSession session) {
    return session.status().is(Phase.FAILED)
        && session
            .status()
            .condition(Condition.READY)
            .filter(ready -> ready.reason().equals(Condition.STARTUP_TIMEOUT))
            .isPresent();
  }

  /**
   * Why the session cannot have the devices of its template: the cluster does not serve what they
   * are requested with. Empty for a session without such devices.
   */
  Optional<String> missingClaims() {
    return template
        .map(VdiTemplate::spec)
        .filter(found -> !claimsServed && Defaults.gpu(session.spec(), found) > 0)
        .filter(found -> found.gpu().request() instanceof GpuRequest.DeviceClass)
        .map(found ->
            StatusMessage.CLAIMS_NOT_SERVED.text(
                session.spec().template(),
                found.gpu().deviceClassName(),
                ResourceType.RESOURCE_CLAIM_TEMPLATE.qualifiedName()
                    + "/"
                    + ResourceType.RESOURCE_CLAIM_TEMPLATE.version()));
  }

  /** The child if it belongs to the session and is not being deleted. */
  public Optional<ChildState> ownChild(ChildKind kind) {
    return child(kind).filter(ChildState::canBeChanged);
  }

  public Optional<PersistentVolumeClaim> home() {
    return child(ChildKind.HOME)
        .flatMap(child ->
            child.object() instanceof PersistentVolumeClaim claim
                ? Optional.of(claim)
                : Optional.empty());
  }
}
