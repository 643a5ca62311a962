package io.vdi.operator.reaper.execution;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.reaper.policy.SessionState;
import java.util.List;

/** Reads sessions with their templates and pods, from the caches or from the API server. */
public final class SessionStateReader {
  private final KubeClient api;
  private final ResourceCache<VdiSession> sessions;
  private final ResourceCache<VdiTemplate> templates;
  private final ResourceCache<Pod> pods;

  public SessionStateReader(
      KubeClient api,
      ResourceCache<VdiSession> sessions,
      ResourceCache<VdiTemplate> templates,
      ResourceCache<Pod> pods) {
    this.api = api;
    this.sessions = sessions;
    this.templates = templates;
    this.pods = pods;
  }

  List<VdiSession> sessions() {
    return sessions.list();
  }

  /** The session with what the caches contain. They can be out of date. */
  SessionState cached(VdiSession session) {
    return new SessionState(
        session,
        templates.get("", session.spec().template()),
        pods.get(session.namespace(), session.name()));
  }

  /**
   * The session as the API server returns it now, and its template.
   *
   * @param withPod whether its pod is read too
   * @return not found if the session is deleted, or recreated with another UID; a failure if one of
   *     the objects cannot be read
   */
  ApiResult<SessionState> live(VdiSession cached, boolean withPod) {
    ApiResult<VdiSession> found = api.get(ResourceType.SESSION, cached.namespace(), cached.name());
    if (!(found instanceof ApiResult.Ok<VdiSession>(VdiSession session))) {
      return found.map(this::cached);
    }
    if (!session.uid().equals(cached.uid())) {
      return notFound();
    }
    ApiResult<VdiTemplate> template = api.get(ResourceType.TEMPLATE, "", session.spec().template());
    if (isUnknown(template)) {
      return template.map(any -> cached(session));
    }
    ApiResult<Pod> pod =
        withPod ? api.get(ResourceType.POD, session.namespace(), session.name()) : notFound();
    return isUnknown(pod)
        ? pod.map(any -> cached(session))
        : new ApiResult.Ok<>(new SessionState(session, template.ok(), pod.ok()));
  }

  /** "Not found" is an answer: the object does not exist. Any other failure says nothing. */
  private static boolean isUnknown(ApiResult<? extends KubeObject> result) {
    return result.ok().isEmpty() && !result.isNotFound();
  }

  private static <T> ApiResult<T> notFound() {
    return new ApiResult.Rejected<>(404, "NotFound", "");
  }
}
