package io.vdi.operator.controller.session.resources;

import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;

/** What the builders work from: a session with nothing left open. */
public record ResolvedSession(
    VdiSession session,
    VdiTemplate.Spec template,
    Defaults.EffectiveSpec spec,
    String host,
    SessionConfig settings) {

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
