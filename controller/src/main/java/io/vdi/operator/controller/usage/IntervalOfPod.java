package io.vdi.operator.controller.usage;

import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiUsage;
import io.vdi.operator.common.usage.UsageGroups;
import java.util.Optional;

/** The interval that begins with a desktop. */
final class IntervalOfPod {
  private IntervalOfPod() {}

  /**
   * The interval of a desktop that is ready, without an end; empty while it is not.
   *
   * @param deviceClass of the template; for a pod with a claim of devices
   */
  static Optional<VdiUsage.Spec> of(VdiSession session, Pod pod, String deviceClass) {
    long gpus = pod.gpus();
    return pod.readySince()
        .map(since ->
            new VdiUsage.Spec(
                new VdiUsage.Session(session.namespace(), session.name(), session.uid()),
                session.spec().user(),
                UsageGroups.of(session.metadata()),
                session.spec().template(),
                gpus == 0 ? null : new VdiUsage.Gpu(pod.gpuResource().orElse(deviceClass), gpus),
                since,
                null,
                null));
  }
}
