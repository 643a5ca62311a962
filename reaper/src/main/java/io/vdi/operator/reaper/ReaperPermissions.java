package io.vdi.operator.reaper;

import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.reaper.execution.OrphanScan;
import io.vdi.operator.runtime.RequiredPermissions.RequiredPermission;
import io.vdi.operator.runtime.leader.LeaderElectionConfig;
import java.util.ArrayList;
import java.util.List;

/** The rights that the reaper needs. */
final class ReaperPermissions {
  private ReaperPermissions() {}

  static List<RequiredPermission> needed(LeaderElectionConfig election) {
    List<RequiredPermission> needs = new ArrayList<>();
    needs.addAll(
        RequiredPermission.of(ResourceType.SESSION, "get", "list", "watch", "patch", "delete"));
    needs.add(new RequiredPermission("patch", ResourceType.SESSION, "status", ""));
    needs.addAll(RequiredPermission.of(ResourceType.TEMPLATE, "get", "list", "watch"));
    needs.addAll(RequiredPermission.of(ResourceType.POD, "watch"));
    for (ResourceType<?> kind : OrphanScan.KINDS) {
      needs.addAll(RequiredPermission.of(kind, "get", "list", "delete"));
    }
    needs.addAll(RequiredPermission.of(ResourceType.PERSISTENT_VOLUME_CLAIM, "patch"));
    needs.addAll(RequiredPermission.of(ResourceType.EVENT, "create"));
    needs.addAll(election.needs());
    return List.copyOf(needs);
  }
}
