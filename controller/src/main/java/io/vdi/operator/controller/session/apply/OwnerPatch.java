package io.vdi.operator.controller.session.apply;

import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import io.vdi.operator.common.kube.MergePatch;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.ReclaimPolicy;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.session.resources.ChildMetadata;

/** The patch that adds a session as the owner of a child, or removes all owners. */
final class OwnerPatch {
  private OwnerPatch() {}

  /** The list of owners is replaced as a whole, so the patch is only valid for this version. */
  static MergePatch of(ResourceType<?> type, ObjectMeta child, VdiSession session, boolean owned) {
    MergePatch patch =
        MergePatch.forVersion(child).annotation(Annotations.SESSION_UID, session.uid());
    if (type.isSameResource(ResourceType.PERSISTENT_VOLUME_CLAIM)) {
      ReclaimPolicy policy = owned ? ReclaimPolicy.DELETE : ReclaimPolicy.RETAIN;
      patch.annotation(Annotations.RECLAIM_POLICY, policy.text());
    }
    if (!owned) {
      return patch.set("metadata.ownerReferences", JsonNull.INSTANCE);
    }
    JsonArray owners = new JsonArray();
    owners.add(ChildMetadata.json(ChildMetadata.owner(session)));
    return patch.set("metadata.ownerReferences", owners);
  }
}
