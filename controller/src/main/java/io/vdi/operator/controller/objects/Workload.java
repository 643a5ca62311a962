package io.vdi.operator.controller.objects;

import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.controller.plan.Settings;

/** What the builders work from: a session with nothing left open. */
public record Workload(
    VdiSession session,
    VdiTemplate.Spec template,
    Defaults.Complete spec,
    String host,
    Settings settings) {

  public String name() {
    return session.name();
  }

  public String fullHost() {
    return host + "." + settings.domain();
  }

  /** Whether the session's pod is to be told of a relay. */
  public boolean usesTurn() {
    return usesWebRtc() && settings.turn().isPresent();
  }

  boolean usesWebRtc() {
    return template.transport() != null && template.transport().usesWebRtc();
  }
}
