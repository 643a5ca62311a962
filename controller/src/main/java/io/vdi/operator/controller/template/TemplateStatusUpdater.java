package io.vdi.operator.controller.template;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.MergePatch;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.controller.session.cache.ControllerCaches;
import io.vdi.operator.runtime.schedule.Periodic;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes {@code status.sessions} of the templates: the number of sessions that name each. Sessions
 * are counted at most once per interval, however often they change.
 */
public final class TemplateStatusUpdater implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TemplateStatusUpdater.class);
  private static final Duration INTERVAL = Duration.ofSeconds(3);

  private final KubeClient api;
  private final ControllerCaches caches;
  private final AtomicBoolean changed = new AtomicBoolean(true);
  private final Periodic updates;
  private String lastError = "";

  public TemplateStatusUpdater(KubeClient api, ControllerCaches caches) {
    this(api, caches, INTERVAL);
  }

  TemplateStatusUpdater(KubeClient api, ControllerCaches caches, Duration interval) {
    this.api = api;
    this.caches = caches;
    this.updates = new Periodic("template-status", interval, this::update);
  }

  /** Sessions or templates were created or deleted. */
  public void changed() {
    changed.set(true);
  }

  /** Starts to count. */
  public void start() {
    updates.start();
  }

  private void update() {
    if (changed.getAndSet(false) && !writeAll()) {
      changed.set(true);
    }
  }

  /** Returns whether every template has the right number. */
  private boolean writeAll() {
    Map<String, Long> counts =
        caches.sessions().list().stream()
            .collect(Collectors.groupingBy(s -> s.spec().template(), Collectors.counting()));
    boolean all = true;
    for (VdiTemplate listed : caches.templates().list()) {
      VdiTemplate template = caches.templates().get("", listed.name()).orElse(listed);
      long sessions = counts.getOrDefault(template.name(), 0L);
      if (template.status().sessions() != sessions) {
        all &= write(template.name(), sessions);
      }
    }
    return all;
  }

  private boolean write(String template, long sessions) {
    ApiResult<VdiTemplate> result =
        api.mergePatchStatus(
            ResourceType.TEMPLATE,
            "",
            template,
            MergePatch.unconditional().set("status.sessions", sessions).toJson());
    result.ok().ifPresent(caches.templates()::changed);
    String error = result.isNotFound() ? "" : result.failure().map(ApiFailure::message).orElse("");
    if (!error.isEmpty() && !error.equals(lastError)) {
      LOG.warn("cannot write status.sessions of template {}: {}", template, error);
    }
    lastError = error;
    return error.isEmpty();
  }

  @Override
  public void close() {
    updates.close();
  }
}
