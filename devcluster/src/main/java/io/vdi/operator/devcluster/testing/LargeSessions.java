package io.vdi.operator.devcluster.testing;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Sessions with nearly as many annotations as an object can have, 75 MB in total: a service that
 * keeps the annotations of other programs in its caches fails the assertions of {@link
 * ServiceMemory}.
 */
public record LargeSessions(TestNamespace namespace) {
  private static final int COUNT = 300;

  /** An object may have 256 KiB of annotations. */
  private static final int ANNOTATION = 250_000;

  /**
   * Creates the sessions.
   *
   * @param template of the sessions, which need not exist
   */
  public void create(String template) {
    for (int i = 0; i < COUNT; i++) {
      namespace
          .api()
          .create(ResourceType.SESSION, namespace.name(), session("large-" + i, template))
          .orElseThrow();
    }
  }

  /** Changes each session: its watches receive the whole object again. */
  public void change() {
    JsonObject change =
        JsonParser.parseString("{\"metadata\": {\"annotations\": {\"example.com/round\": \"2\"}}}")
            .getAsJsonObject();
    for (int i = 0; i < COUNT; i++) {
      namespace
          .api()
          .mergePatch(ResourceType.SESSION, namespace.name(), "large-" + i, change)
          .orElseThrow();
    }
  }

  /** The sessions. A list of them is too large for the time limit of a call. */
  public List<SessionFixture> all() {
    return IntStream.range(0, COUNT).mapToObj(i -> namespace.session("large-" + i)).toList();
  }

  private static JsonObject session(String name, String template) {
    return JsonParser.parseString(
            """
            {"apiVersion": "vdi.kasm.io/v1alpha1", "kind": "VDISession",
             "metadata": {"name": "%s", "annotations": {"example.com/large": "%s"}},
             "spec": {"user": "%s@example.com", "template": "%s"}}
            """
                .formatted(name, name + "x".repeat(ANNOTATION), name, template))
        .getAsJsonObject();
  }
}
