package io.vdi.operator.devcluster.testing;

import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** The permissions that service accounts used, from the audit log of the API server. */
public final class RbacUsage {
  private RbacUsage() {}

  /** Flags that make the API server log the requests of service accounts in this folder. */
  public static List<String> flags(Path folder) {
    return new AuditLog(folder)
        .flags(
            """
            - {level: Metadata, userGroups: ["system:serviceaccounts"]}
            - {level: None}
            """);
  }

  /**
   * Each permission that was used, as {@code vdi-controller patch vdi.kasm.io vdisessions/status}.
   * The core group is empty: {@code vdi-controller list pods}.
   */
  static Set<String> of(Path folder) {
    return new AuditLog(folder)
        .read(entries ->
            entries
                .parallel()
                .filter(RbacUsage::wasAllowed)
                .map(RbacUsage::permission)
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

  private static String permission(JsonObject entry) {
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
