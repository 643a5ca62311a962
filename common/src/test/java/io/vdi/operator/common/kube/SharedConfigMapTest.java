package io.vdi.operator.common.kube;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.common.model.ConfigMap;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.testing.FakeApiServer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SharedConfigMapTest {
  private static final ResourceType<ConfigMap> TYPE = ResourceType.CONFIG_MAP;

  private final FakeApiServer server = FakeApiServer.start();
  private final KubeClient api = server.client();
  private final SharedConfigMap map = new SharedConfigMap(api, "team", "state");

  @AfterEach
  void stop() {
    api.close();
    server.close();
  }

  @Test
  void withoutAVersionTheConfigMapIsCreatedAndWithOneItIsReplaced() {
    assertThat(map.read().isNotFound()).as("not found before: %s", map.read()).isTrue();
    ConfigMap created = map.write("", Map.of("a", "1", "b", "2")).orElseThrow();
    JsonObject body = server.requests().getLast().json();
    assertThat(body)
        .isEqualTo(
            json(
                """
                {apiVersion: v1, kind: ConfigMap, metadata: {name: state, namespace: team},
                 data: {a: '1', b: '2'}}
                """));
    String version = created.metadata().resourceVersion();
    ConfigMap replaced = map.write(version, Map.of("b", "3")).orElseThrow();
    assertThat(server.requests().getLast())
        .hasToString("PUT /api/v1/namespaces/team/configmaps/state");
    assertThat(server.requests().getLast().json().getAsJsonObject("metadata"))
        .isEqualTo(
            json("{name: state, namespace: team, resourceVersion: '%s'}".formatted(version)));
    assertThat(replaced.data()).isEqualTo(Map.of("b", "3"));
    assertThat(map.read().orElseThrow()).as("what is stored").isEqualTo(replaced);
    map.write(replaced.metadata().resourceVersion(), Map.of()).orElseThrow();
    assertThat(map.read().orElseThrow().data()).isEmpty();
  }

  @Test
  void aWriteThatIsBasedOnAFormerVersionIsAConflictAndChangesNothing() {
    String first = map.write("", Map.of("by", "nobody")).orElseThrow().metadata().resourceVersion();
    map.write(first, Map.of("by", "alice")).orElseThrow();
    ApiResult<ConfigMap> second = map.write(first, Map.of("by", "bob"));
    assertThat(second.isConflict()).as("a conflict: %s", second).isTrue();
    assertThat(map.read().orElseThrow().data()).isEqualTo(Map.of("by", "alice"));
  }

  @Test
  void ofTwoCreationsTheSecondFindsTheNameTaken() {
    map.write("", Map.of("by", "alice")).orElseThrow();
    ApiResult<ConfigMap> second = map.write("", Map.of("by", "bob"));
    assertThat(second.isAlreadyExists()).as("already exists: %s", second).isTrue();
    assertThat(map.read().orElseThrow().data()).isEqualTo(Map.of("by", "alice"));
  }

  @Test
  void aWriteDoesNotBringBackAConfigMapThatWasDeletedSince() {
    String version = map.write("", Map.of("a", "1")).orElseThrow().metadata().resourceVersion();
    server.remove(TYPE, "team", "state");
    ApiResult<ConfigMap> late = map.write(version, Map.of("a", "2"));
    assertThat(late.isNotFound()).as("not found: %s", late).isTrue();
    assertThat(server.find(TYPE, "team", "state")).isEmpty();
    server.put(TYPE, "{metadata: {name: state, namespace: team}, data: {new: x}}");
    ApiResult<ConfigMap> later = map.write(version, Map.of("a", "2"));
    assertThat(later.isConflict()).as("a conflict with the new one: %s", later).isTrue();
  }

  @Test
  void anOlderConfigMapGetsTheLabelsWithTheNextWrite() {
    JsonObject old = server.put(TYPE, "{metadata: {name: state, namespace: team}, data: {a: b}}");
    Map<String, String> labels = new HashMap<>(Map.of("app", "gate"));
    SharedConfigMap labelled = new SharedConfigMap(api, "team", "state", labels);
    labels.put("app", "changed later");
    String version = old.getAsJsonObject("metadata").get("resourceVersion").getAsString();
    labelled.write(version, Map.of("a", "b")).orElseThrow();
    assertThat(server.find(TYPE, "team", "state").orElseThrow().getAsJsonObject("metadata"))
        .extracting(metadata -> metadata.get("labels"))
        .isEqualTo(json("{app: gate}"));
  }

  @Test
  void everyTextIsStoredAsItIs() {
    Map<String, String> data =
        Map.of(
            "empty", "",
            "lines", "a\r\n\tb\u0000\u2028c",
            "markup", "<b>&amp;'\"\\</b>",
            "emoji", "\uD83D\uDDA5\uFE0F \u00E9 e\u0301 \u202Eabc",
            "json", "{\"a\": null}",
            "long", "x".repeat(900_000));
    map.write("", data).orElseThrow();
    assertThat(map.read().orElseThrow().data()).containsExactlyInAnyOrderEntriesOf(data);
  }

  @Test
  void noIncrementIsLostWhenSeveralThreadsWrite() throws Exception {
    int threads = 4;
    int increments = 15;
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> done =
          IntStream.range(0, threads)
              .<Future<?>>mapToObj(i ->
                  executor.submit(() -> IntStream.range(0, increments).forEach(n -> increment())))
              .toList();
      for (Future<?> each : done) {
        each.get();
      }
    }
    assertThat(map.read().orElseThrow().data())
        .isEqualTo(Map.of("n", String.valueOf(threads * increments)));
  }

  private void increment() {
    ApiResult<ConfigMap> written;
    do {
      Optional<ConfigMap> found = map.read().ok();
      int n = found.map(now -> Integer.parseInt(now.data().get("n"))).orElse(0);
      written =
          map.write(
              found.map(now -> now.metadata().resourceVersion()).orElse(""),
              Map.of("n", String.valueOf(n + 1)));
    } while (written.isConflict() || written.isAlreadyExists());
    written.orElseThrow();
  }

  private static JsonObject json(String text) {
    return JsonParser.parseString(text).getAsJsonObject();
  }
}
