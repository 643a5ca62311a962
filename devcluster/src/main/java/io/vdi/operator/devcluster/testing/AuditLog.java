package io.vdi.operator.devcluster.testing;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.devcluster.process.ClusterException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/** What an API server writes down of what it was asked, in this folder. */
public record AuditLog(Path folder) {
  /**
   * Flags that make the API server write it.
   *
   * @param rules of the policy, as a list in YAML: whose requests to write down
   */
  public List<String> flags(String rules) {
    Path policy = folder.resolve("audit-policy.yaml");
    try {
      Files.createDirectories(folder);
      Files.writeString(
          policy,
          """
          apiVersion: audit.k8s.io/v1
          kind: Policy
          omitStages: [RequestReceived]
          rules:
          """
              + rules);
    } catch (IOException e) {
      throw new ClusterException("cannot write " + policy, e);
    }
    return List.of("--audit-policy-file=" + policy, "--audit-log-path=" + file());
  }

  public Path file() {
    return folder.resolve("audit.log");
  }

  /** Returns what this makes of the requests so far. */
  public <T> T read(Function<Stream<JsonObject>, T> query) {
    try (Stream<String> lines = Files.lines(file())) {
      return query.apply(lines.map(line -> JsonParser.parseString(line).getAsJsonObject()));
    } catch (IOException e) {
      throw new ClusterException("cannot read " + file(), e);
    }
  }

  /** What a request was about: {@code vdisessions/status}. */
  public static String resource(JsonObject entry) {
    JsonObject object = entry.getAsJsonObject("objectRef");
    String part = object.has("subresource") ? "/" + object.get("subresource").getAsString() : "";
    return object.get("resource").getAsString() + part;
  }
}
