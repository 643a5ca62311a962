package io.vdi.operator.devcluster;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.stream.Stream;

/** Which rights service accounts made use of, as the API server wrote it down. */
final class UsedRights {
  private UsedRights() {}

  /** Flags that make the API server write it down in this folder. */
  static List<String> flags(Path folder) {
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
            - {level: Metadata, userGroups: ["system:serviceaccounts"]}
            - {level: None}
          """);
    } catch (IOException e) {
      throw new ClusterException("cannot write " + policy, e);
    }
    return List.of("--audit-policy-file=" + policy, "--audit-log-path=" + log(folder));
  }

  /** Lines such as {@code vdi-controller patch vdi.kasm.io vdisessions/status}. */
  static Set<String> of(Path folder) {
    Set<String> used = new ConcurrentSkipListSet<>();
    try (Stream<String> lines = Files.lines(log(folder))) {
      lines
          .parallel()
          .map(line -> JsonParser.parseString(line).getAsJsonObject())
          .filter(UsedRights::wasAllowed)
          .forEach(entry -> used.add(right(entry)));
    } catch (IOException e) {
      throw new ClusterException("cannot read " + log(folder), e);
    }
    return new TreeSet<>(used);
  }

  private static Path log(Path folder) {
    return folder.resolve("audit.log");
  }

  private static boolean wasAllowed(JsonObject entry) {
    return entry.has("objectRef")
        && entry.has("annotations")
        && entry
            .getAsJsonObject("annotations")
            .toString()
            .contains("\"authorization.k8s.io/decision\":\"allow\"");
  }

  private static String right(JsonObject entry) {
    String user = entry.getAsJsonObject("user").get("username").getAsString();
    JsonObject object = entry.getAsJsonObject("objectRef");
    String group = object.has("apiGroup") ? object.get("apiGroup").getAsString() : "";
    String part = object.has("subresource") ? "/" + object.get("subresource").getAsString() : "";
    return "%s %s %s %s%s"
        .formatted(
            user.substring(user.lastIndexOf(':') + 1),
            entry.get("verb").getAsString(),
            group,
            object.get("resource").getAsString(),
            part);
  }
}
