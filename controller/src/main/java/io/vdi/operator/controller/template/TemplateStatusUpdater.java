package io.vdi.operator.controller.template;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.controller.session.cache.ControllerCaches;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes {@code status.sessions} of the templates: the number of sessions that name each. Sessions
 * are counted at most every {@link #INTERVAL}, however often they change.
 */
public final class TemplateStatusUpdater implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TemplateStatusUpdater.class);
  static final Duration INTERVAL = Duration.ofSeconds(3);

  private final KubeClient api;
  private final ControllerCaches caches;
  private final AtomicBoolean changed = new AtomicBoolean(true);
  private final CountDownLatch closed = new CountDownLatch(1);
  private String lastError = "";

  public TemplateStatusUpdater(KubeClient api, ControllerCaches caches) {
    this.api = api;
    this.caches = caches;
  }

  /** Sessions or templates were created or deleted. */
  public void changed() {
    changed.set(true);
  }

  /** Starts the thread that counts. */
  public void start() {
    Thread.ofVirtual()
        .name("template-status")
        .start(() -> {
          try {
            do {
              if (changed.getAndSet(false) && !write()) {
                changed.set(true);
              }
            } while (!closed.await(INTERVAL.toMillis(), TimeUnit.MILLISECONDS));
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  /** Returns whether every template has the right number. */
  private boolean write() {
    Map<String, Long> counts =
        caches.sessions().list().stream()
            .collect(Collectors.groupingBy(s -> s.spec().template(), Collectors.counting()));
    boolean all = true;
    for (VdiTemplate listed : caches.templates().list()) {
      VdiTemplate template = caches.templates().get("", listed.name()).orElse(listed);
      int sessions = counts.getOrDefault(template.name(), 0L).intValue();
      if (template.status().sessions() != sessions) {
        all &= write(template.name(), sessions);
      }
    }
    return all;
  }

  private boolean write(String template, int sessions) {
    JsonObject status = new JsonObject();
    status.addProperty("sessions", sessions);
    JsonObject patch = new JsonObject();
    patch.add("status", status);
    ApiResult<VdiTemplate> result =
        api.mergePatchStatus(ResourceType.TEMPLATE, "", template, patch);
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
    closed.countDown();
  }
}
