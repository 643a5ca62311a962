package io.vdi.operator.devcluster.testing;

import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Which rights service accounts made use of, as the API server wrote it down. */
public final class RbacUsage {
  private RbacUsage() {}

  /** Flags that make the API server write it down in this folder. */
  public static List<String> flags(Path folder) {
    return new AuditLog(folder)
        .flags(
            """
            - {level: Metadata, userGroups: ["system:serviceaccounts"]}
            - {level: None}
            """);
  }

  /** Lines such as {@code vdi-controller patch vdi.kasm.io vdisessions/status}. */
  static Set<String> of(Path folder) {
    return new AuditLog(folder)
        .read(entries ->
            entries
                .parallel()
                .filter(RbacUsage::wasAllowed)
                .map(RbacUsage::right)
                .collect(Collectors.toCollection(TreeSet::new)));
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
    return "%s %s %s %s"
        .formatted(
            user.substring(user.lastIndexOf(':') + 1),
            entry.get("verb").getAsString(),
            group,
            AuditLog.resource(entry));
  }
}
