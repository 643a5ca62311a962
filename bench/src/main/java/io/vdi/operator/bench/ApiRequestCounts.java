package io.vdi.operator.bench;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import io.vdi.operator.devcluster.process.Progress;
import io.vdi.operator.devcluster.testing.ApiServerAuditLog;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Counts, from the API server's audit log, the writes of one user and all requests of another. */
record ApiRequestCounts(ApiServerAuditLog log) {
  /**
   * Flags that make the API server log these requests.
   *
   * @param writer the user whose writes count, except leases and access reviews
   * @param requester the user whose requests all count
   */
  List<String> flags(String writer, String requester) {
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
            .formatted(requester, writer));
  }

  /** The number of requests so far. A watch counts as one request. */
  long count() {
    return log.read(
        entries -> entries.map(entry -> entry.get("auditID").getAsString()).distinct().count());
  }

  /**
   * Flags that make the API server log the requests of these users, except watches, leases and
   * discovery, which have nothing to do with the number of objects.
   */
  List<String> flags(List<String> users) {
    return log.flags(
        """
        - level: None
          verbs: [watch]
        - level: None
          nonResourceURLs: ["*"]
        - level: None
          resources:
            - {group: coordination.k8s.io}
        - level: Metadata
          users: %s
        - level: None
        """
            .formatted(new Gson().toJson(users)));
  }

  /** The successful writes so far, by verb and resource. */
  TreeMap<String, Integer> writes() {
    return log.read(entries ->
        entries
            .filter(entry -> entry.getAsJsonObject("responseStatus").get("code").getAsInt() < 300)
            .collect(
                Collectors.toMap(ApiRequestCounts::write, entry -> 1, Integer::sum, TreeMap::new)));
  }

  private static String write(JsonObject entry) {
    return entry.get("verb").getAsString() + " " + ApiServerAuditLog.resource(entry);
  }

  /** Returns when there was no write for the given time. */
  void awaitQuiet(Duration quiet) {
    long[] last = {size(), System.nanoTime()};
    Progress.await(
        () -> "the controller to write nothing for " + quiet.toSeconds() + " s",
        Duration.ofMinutes(10),
        () -> {
          long now = size();
          if (now != last[0]) {
            last[0] = now;
            last[1] = System.nanoTime();
          }
          return System.nanoTime() - last[1] > quiet.toNanos();
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
