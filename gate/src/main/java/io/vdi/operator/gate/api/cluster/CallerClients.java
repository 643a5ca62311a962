package io.vdi.operator.gate.api.cluster;

import io.vdi.operator.common.kube.ImpersonatedUser;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.gate.api.ApiUser;
import io.vdi.operator.gate.api.GateMessage;
import io.vdi.operator.gate.api.Outcome;
import io.vdi.operator.gate.api.ProblemType;
import java.util.Optional;

/**
 * Clients that act in the name of a caller.
 *
 * @param api with the gate's own permissions
 */
record CallerClients(KubeClient api, DesktopSettings settings) {
  /** A client that acts as the caller. */
  Outcome<KubeClient> of(ApiUser caller) {
    String name = settings.userName(caller.email());
    Optional<String> refusal =
        ImpersonatedUser.refusal(name, caller.groups())
            .or(() ->
                settings.isRecognized(caller.email())
                    ? Optional.empty()
                    : Optional.of(GateMessage.OTHER_ADDRESS.text(name)));
    return refusal.isPresent()
        ? Outcome.refused(ProblemType.FORBIDDEN, refusal.get())
        : new Outcome.Done<>(
            api.actingAs(ImpersonatedUser.of(name, caller.groups()).orElseThrow()));
  }
}
