package io.vdi.operator.reaper.activity;

import io.vdi.operator.common.kube.MergePatch;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.reaper.policy.Activity;
import java.util.Map;
import java.util.Optional;

/**
 * While a client is connected or the desktop is busy, the pod has the annotations by which
 * cluster-autoscaler and Karpenter leave its node alone. Without them, a node with few pods is
 * removed under a desktop in use; if they stayed, an idle desktop would keep its node for ever.
 */
final class DisruptionProtection {
  private static final Map<String, String> ANNOTATIONS =
      Map.of(Annotations.SAFE_TO_EVICT, "false", Annotations.DO_NOT_DISRUPT, "true");

  private DisruptionProtection() {}

  /**
   * The change of the pod; empty if it has what it needs, or if it is not known whether the desktop
   * is in use. Annotations that the template sets stay as they are.
   *
   * @param connected whether a client is connected: its desktop is in use without input too
   */
  static Optional<MergePatch> change(
      Pod pod, boolean connected, Activity activity, VdiTemplate.Spec template) {
    if (connected) {
      return change(pod, true, template);
    }
    return switch (activity) {
      case Activity.InUse _, Activity.Busy _ -> change(pod, true, template);
      case Activity.Idle _ -> change(pod, false, template);
      case Activity.Unknown _ -> Optional.empty();
    };
  }

  private static Optional<MergePatch> change(Pod pod, boolean wanted, VdiTemplate.Spec template) {
    MergePatch patch = MergePatch.forObject(pod.metadata());
    boolean changes = false;
    for (Map.Entry<String, String> annotation : ANNOTATIONS.entrySet()) {
      String key = annotation.getKey();
      Optional<String> present = pod.metadata().annotation(key);
      Optional<String> desired = wanted ? Optional.of(annotation.getValue()) : Optional.empty();
      if (!template.podTemplate().metadata().annotations().containsKey(key)
          && !present.equals(desired)) {
        desired.ifPresentOrElse(
            value -> patch.annotation(key, value), () -> patch.removeAnnotation(key));
        changes = true;
      }
    }
    return changes ? Optional.of(patch) : Optional.empty();
  }
}
