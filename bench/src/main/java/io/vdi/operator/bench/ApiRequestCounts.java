package io.vdi.operator.bench;

import com.google.gson.JsonObject;
import io.vdi.operator.devcluster.process.Progress;
import io.vdi.operator.devcluster.testing.AuditLog;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What the API server itself wrote down: one user's writes, and all requests of another. */
record ApiRequestCounts(AuditLog log) {
  /**
   * Flags that make the API server write them down.
   *
   * @param writer of whom writes count, but leases and reviews of rights
   * @param asker of whom every request counts
   */
  List<String> flags(String writer, String asker) {
    return log.flags(
        """
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
  }

  /** Requests of all kinds so far; a watch that goes on is one. */
  long count() {
    return log.read(
        entries -> entries.map(entry -> entry.get("auditID").getAsString()).distinct().count());
  }

  /** Writes so far, by verb and resource. */
  TreeMap<String, Integer> writes() {
    return log.read(entries ->
        entries
            .filter(entry -> entry.getAsJsonObject("responseStatus").get("code").getAsInt() < 300)
            .collect(
                Collectors.toMap(ApiRequestCounts::what, entry -> 1, Integer::sum, TreeMap::new)));
  }

  private static String what(JsonObject entry) {
    return entry.get("verb").getAsString() + " " + AuditLog.resource(entry);
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
      return Files.exists(log.file()) ? Files.size(log.file()) : 0;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
