package io.vdi.operator.devcluster.testing;

import com.google.gson.JsonObject;
import io.vdi.operator.devcluster.process.ClusterException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The permissions that service accounts used, from the audit log of the API server. */
public final class RbacUsage {
  private RbacUsage() {}

  /** Flags that make the API server log the requests of service accounts in this folder. */
  public static List<String> flags(Path folder) {
    return new ApiServerAuditLog(folder)
        .flags(
            """
            - {level: Metadata, userGroups: ["system:serviceaccounts"]}
            - {level: None}
            """);
  }

  /**
   * Writes the permissions that were used to a file for RbacUsageIT, which compares them with the
   * roles of each service.
   *
   * @param folder of the audit log
   * @param name distinguishes the clusters of a module
   */
  public static void write(Path folder, String name) {
    Path file = Path.of("target", "used-permissions-" + name + ".txt");
    try {
      Files.write(file, of(folder));
    } catch (IOException e) {
      throw new ClusterException("cannot write " + file, e);
    }
  }

  /**
   * Each permission that was used, as {@code vdi-controller patch vdi.kasm.io vdisessions/status}.
   * The core group is empty: {@code vdi-controller list pods}.
   */
  static Set<String> of(Path folder) {
    return new ApiServerAuditLog(folder)
        .read(entries ->
            entries
                .parallel()
                .filter(RbacUsage::wasAllowed)
                .flatMap(RbacUsage::permissions)
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

  /** A request in the name of another user needs that user's permission for the object. */
  private static Stream<String> permissions(JsonObject entry) {
    String user = entry.getAsJsonObject("user").get("username").getAsString();
    String account = user.substring(user.lastIndexOf(':') + 1);
    if (entry.has("impersonatedUser")) {
      boolean groups = entry.getAsJsonObject("impersonatedUser").has("groups");
      return Stream.of("users", "groups")
          .filter(resource -> groups || resource.equals("users"))
          .map(resource -> account + " impersonate  " + resource);
    }
    JsonObject object = entry.getAsJsonObject("objectRef");
    String group = object.has("apiGroup") ? object.get("apiGroup").getAsString() : "";
    return Stream.of(
        "%s %s %s %s"
            .formatted(
                account,
                entry.get("verb").getAsString(),
                group,
                ApiServerAuditLog.resource(entry)));
  }
}
