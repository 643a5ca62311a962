package io.vdi.operator.bench;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import io.vdi.operator.devcluster.Progress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What the API server itself wrote down: one user's writes, and all requests of another. */
record AuditLog(Path file) {
  private static final Gson GSON = new Gson();

  /**
   * Flags that make the API server write this log.
   *
   * @param writer of whom writes count, but leases and reviews of rights
   * @param asker of whom every request counts
   */
  static List<String> flags(Path policy, Path file, String writer, String asker)
      throws IOException {
    Files.writeString(
        policy,
        """
        apiVersion: audit.k8s.io/v1
        kind: Policy
        omitStages: [RequestReceived]
        rules:
          - level: Metadata
            users: ["%s"]
          - level: None
            resources:
              - {group: coordination.k8s.io}
              - {group: authorization.k8s.io}
          - level: Metadata
            users: ["%s"]
            verbs: [create, update, patch, delete, deletecollection]
          - level: None
        """
            .formatted(asker, writer));
    return List.of("--audit-policy-file=" + policy, "--audit-log-path=" + file);
  }

  /** Requests of all kinds so far; a watch that goes on is one. */
  long requests() {
    try (Stream<String> lines = Files.lines(file)) {
      return lines
          .map(line -> GSON.fromJson(line, JsonObject.class).get("auditID").getAsString())
          .distinct()
          .count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes so far, by verb and resource. */
  TreeMap<String, Integer> writes() {
    TreeMap<String, Integer> counts = new TreeMap<>();
    try (Stream<String> lines = Files.lines(file)) {
      lines
          .map(line -> GSON.fromJson(line, JsonObject.class))
          .filter(entry -> entry.getAsJsonObject("responseStatus").get("code").getAsInt() < 300)
          .forEach(entry -> counts.merge(what(entry), 1, Integer::sum));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return counts;
  }

  private static String what(JsonObject entry) {
    JsonObject object = entry.getAsJsonObject("objectRef");
    String resource = object.get("resource").getAsString();
    String part = object.has("subresource") ? "/" + object.get("subresource").getAsString() : "";
    return entry.get("verb").getAsString() + " " + resource + part;
  }

  /** Returns when nothing has been written for so long. */
  void awaitQuiet(Duration quiet) {
    long[] seen = {size(), System.nanoTime()};
    Progress.await(
        () -> "the controller to have nothing to write for " + quiet.toSeconds() + " s",
        Duration.ofMinutes(10),
        () -> {
          long now = size();
          if (now != seen[0]) {
            seen[0] = now;
            seen[1] = System.nanoTime();
          }
          return System.nanoTime() - seen[1] > quiet.toNanos();
        });
  }

  private long size() {
    try {
      return Files.exists(file) ? Files.size(file) : 0;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
