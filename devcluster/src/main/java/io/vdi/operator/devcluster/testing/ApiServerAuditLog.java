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

/**
 * The audit log of an API server.
 *
 * @param folder where the API server's policy and log are
 */
public record ApiServerAuditLog(Path folder) {
  /** The API server starts another file at this size; without the flag, at 100 MB. */
  private static final int MAX_MEGABYTES = 16_384;

  /**
   * Writes the audit policy, and returns the flags that make the API server use it.
   *
   * @param rules of the policy, as a list in YAML: which requests to log
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
    return List.of(
        "--audit-policy-file=" + policy,
        "--audit-log-path=" + file(),
        "--audit-log-maxsize=" + MAX_MEGABYTES);
  }

  /** The log: one JSON object in each line. */
  public Path file() {
    return folder.resolve("audit.log");
  }

  /** Returns the result of this query over the requests so far. */
  public <T> T read(Function<Stream<JsonObject>, T> query) {
    try (Stream<String> lines = Files.lines(file())) {
      return query.apply(lines.map(line -> JsonParser.parseString(line).getAsJsonObject()));
    } catch (IOException e) {
      throw new ClusterException("cannot read " + file(), e);
    }
  }

  /** The resource of a request, with its subresource: {@code vdisessions/status}. */
  public static String resource(JsonObject entry) {
    JsonObject object = entry.getAsJsonObject("objectRef");
    String subresource =
        object.has("subresource") ? "/" + object.get("subresource").getAsString() : "";
    return object.get("resource").getAsString() + subresource;
  }
}
