package io.vdi.operator.reaper.execution;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.reaper.policy.Activity;
import io.vdi.operator.reaper.policy.Candidate;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/** Gathers what is known of a session: from the caches, or asked for live. */
public final class SessionStateReader {
  private final KubeClient api;
  private final ResourceCache<VdiSession> sessions;
  private final ResourceCache<VdiTemplate> templates;
  private final ResourceCache<Pod> pods;
  private final Function<String, Activity> activity;
  private final Map<String, Instant> failedSeen = new ConcurrentHashMap<>();

  /**
   * @param activity what is known of the session with this UID
   */
  public SessionStateReader(
      KubeClient api,
      ResourceCache<VdiSession> sessions,
      ResourceCache<VdiTemplate> templates,
      ResourceCache<Pod> pods,
      Function<String, Activity> activity) {
    this.api = api;
    this.sessions = sessions;
    this.templates = templates;
    this.pods = pods;
    this.activity = activity;
  }

  ResourceCache<VdiSession> sessions() {
    return sessions;
  }

  /** Remembers since when we have seen this session Failed, or that it is not. */
  void note(VdiSession session, Instant now) {
    if (session.status().currentPhase().equals(Optional.of(Phase.FAILED))) {
      failedSeen.putIfAbsent(session.uid(), now);
    } else {
      failedSeen.remove(session.uid());
    }
  }

  void forget(String uid) {
    failedSeen.remove(uid);
  }

  /** By the caches, which may be old. */
  Candidate.Session cached(VdiSession session) {
    return seen(
        session,
        templates.get("", session.spec().template()),
        pods.get(session.namespace(), session.name()));
  }

  /**
   * By the API server, now: the session, its template, and its pod if wanted. Not found where the
   * session is gone, or is another one by now.
   */
  ApiResult<Candidate.Session> live(VdiSession cached, boolean withPod) {
    ApiResult<VdiSession> answer = api.get(ResourceType.SESSION, cached.namespace(), cached.name());
    if (!(answer instanceof ApiResult.Ok<VdiSession>(VdiSession session))) {
      return answer.map(this::cached);
    }
    if (!session.uid().equals(cached.uid())) {
      return gone();
    }
    sessions.changed(session);
    ApiResult<VdiTemplate> template = api.get(ResourceType.TEMPLATE, "", session.spec().template());
    ApiResult<Pod> pod =
        withPod ? api.get(ResourceType.POD, session.namespace(), session.name()) : gone();
    return isUnknown(template)
        ? template.map(any -> cached(session))
        : isUnknown(pod)
            ? pod.map(any -> cached(session))
            : new ApiResult.Ok<>(seen(session, template.ok(), pod.ok()));
  }

  private Candidate.Session seen(
      VdiSession session, Optional<VdiTemplate> template, Optional<Pod> pod) {
    return new Candidate.Session(
        session,
        template,
        pod,
        activity.apply(session.uid()),
        Optional.ofNullable(failedSeen.get(session.uid())));
  }

  /** That there is none is an answer too. */
  private static boolean isUnknown(ApiResult<? extends KubeObject> answer) {
    return answer.ok().isEmpty() && !answer.isNotFound();
  }

  private static <T> ApiResult<T> gone() {
    return new ApiResult.Rejected<>(404, "NotFound", "");
  }
}
