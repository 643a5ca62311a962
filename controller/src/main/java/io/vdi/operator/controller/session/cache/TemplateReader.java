package io.vdi.operator.controller.session.cache;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;

/**
 * Reads the template of a new session from the API server if the cache does not have it.
 *
 * <p>People create a template and a session of it together, and the watches of the two types do not
 * deliver in that order. Without this the session is {@code Failed} for a moment, and whoever waits
 * for its start ({@code kubectl vdi start}, the health check of a GitOps tool) gives up.
 */
public final class TemplateReader {
  private final KubeClient api;
  private final ControllerCaches caches;

  public TemplateReader(KubeClient api, ControllerCaches caches) {
    this.api = api;
    this.caches = caches;
  }

  /**
   * Puts the template into the cache. Later passes do not ask again, because the session then has a
   * status. A failure counts as a missing template.
   */
  public void readIfNew(VdiSession session) {
    String name = session.spec().template();
    if (session.status().currentPhase().isEmpty() && caches.templates().get("", name).isEmpty()) {
      api.get(ResourceType.TEMPLATE, "", name).ok().ifPresent(caches.templates()::created);
    }
  }
}
