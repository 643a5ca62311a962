package io.vdi.operator.controller.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.testing.FakeApiServer;
import io.vdi.operator.controller.session.FakeCluster;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TemplateStatusUpdaterTest {
  private final FakeCluster cluster = FakeCluster.watched();
  private final TemplateStatusUpdater updater =
      new TemplateStatusUpdater(cluster.client, cluster.caches, Duration.ofMillis(20));

  @AfterEach
  void close() {
    updater.close();
    cluster.close();
  }

  @Test
  void theNumberOfSessionsFollowsTheSessions() {
    cluster.putTemplate("");
    VdiSession first = cluster.putSession("first", "alice@example.com", "");
    cluster.putSession("second", "bob@example.com", "");
    updater.start();
    await().untilAsserted(() -> assertThat(sessions()).isEqualTo(2));
    cluster.removeSession(first);
    updater.changed();
    await().untilAsserted(() -> assertThat(sessions()).isEqualTo(1));
  }

  @Test
  void anEqualNumberIsNotWritten() {
    cluster.putTemplate("");
    updater.start();
    updater.changed();
    await().during(Duration.ofMillis(200)).until(() -> writes().isEmpty());
  }

  @Test
  void aFailedWriteIsRepeatedWithoutAChange() {
    cluster.server.reject(
        request -> request.path().endsWith("/status"), 500, "InternalError", "etcd is down");
    cluster.putTemplate("");
    cluster.putSession("first", "alice@example.com", "");
    updater.start();
    await().until(() -> writes().size() >= 2);
    cluster.server.respondNormally();
    await().untilAsserted(() -> assertThat(sessions()).isEqualTo(1));
  }

  @Test
  void aDeletedTemplateIsNoError() {
    cluster.server.reject(
        request -> request.path().endsWith("/status"), 404, "NotFound", "not found");
    cluster.putTemplate("");
    cluster.putSession("first", "alice@example.com", "");
    updater.start();
    await().until(() -> writes().size() == 1);
    await().during(Duration.ofMillis(200)).until(() -> writes().size() == 1);
  }

  private int sessions() {
    JsonObject template = cluster.server.find(ResourceType.TEMPLATE, "", "ubuntu").orElseThrow();
    return template.has("status")
        ? template.getAsJsonObject("status").get("sessions").getAsInt()
        : 0;
  }

  private List<FakeApiServer.Request> writes() {
    return cluster.server.requests(request -> request.method().equals("PATCH"));
  }
}
