package io.vdi.operator.reaper;

import io.vdi.operator.common.kube.Kind;
import io.vdi.operator.common.kube.Permissions.Need;
import io.vdi.operator.common.lead.Election;
import io.vdi.operator.reaper.reap.Sweep;
import java.util.ArrayList;
import java.util.List;

/** The rights that the reaper needs. */
final class Rights {
  private Rights() {}

  static List<Need> needed(Election election) {
    List<Need> needs = new ArrayList<>();
    needs.addAll(Need.of(Kind.SESSION, "get", "list", "watch", "patch", "delete"));
    needs.add(new Need("patch", Kind.SESSION, "status", ""));
    needs.addAll(Need.of(Kind.TEMPLATE, "get", "list", "watch"));
    needs.addAll(Need.of(Kind.POD, "watch"));
    for (Kind<?> kind : Sweep.KINDS) {
      needs.addAll(Need.of(kind, "get", "list", "delete"));
    }
    needs.addAll(Need.of(Kind.VOLUME_CLAIM, "patch"));
    needs.addAll(Need.of(Kind.EVENT, "create"));
    needs.addAll(election.needs());
    return List.copyOf(needs);
  }
}
