package io.vdi.operator.controller.session.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.session.FakeCluster;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TemplateReaderTest {
  private static final String NEW = "";
  private static final String FAILED = ", \"status\": {\"phase\": \"Failed\"}";

  private final FakeCluster cluster = FakeCluster.withoutWatches();
  private final TemplateReader reader = new TemplateReader(cluster.client, cluster.caches);

  @AfterEach
  void close() {
    cluster.close();
  }

  @Test
  void aNewSessionFindsATemplateThatTheCacheDoesNotHave() {
    serveTemplate();
    reader.readIfNew(session(NEW));
    assertThat(cluster.caches.templates().get("", "ubuntu")).isPresent();
    reader.readIfNew(session(NEW));
    assertThat(requests()).as("from the cache").isEqualTo(1);
  }

  @Test
  void aTemplateThatDoesNotExistStaysMissing() {
    reader.readIfNew(session(NEW));
    assertThat(cluster.caches.templates().get("", "ubuntu")).isEmpty();
    assertThat(requests()).isEqualTo(1);
  }

  @Test
  void aSessionThatHasAStatusWaitsForTheWatch() {
    serveTemplate();
    reader.readIfNew(session(FAILED));
    assertThat(requests()).isZero();
  }

  private void serveTemplate() {
    cluster.server.put(
        ResourceType.TEMPLATE, "{\"metadata\": {\"name\": \"ubuntu\"}, \"spec\": {}}");
  }

  private int requests() {
    return cluster.server.requests(request -> request.path().endsWith("/ubuntu")).size();
  }

  private static VdiSession session(String more) {
    return KubeGson.gson()
        .fromJson(
            """
            {"metadata": {"name": "desk", "namespace": "desks"},
             "spec": {"user": "alice@example.com", "template": "ubuntu"}%s}
            """
                .formatted(more),
            VdiSession.class);
  }
}
