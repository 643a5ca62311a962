package io.vdi.operator.controller.session.plan;

import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Observed sessions for tests. */
public final class ObservedSessions {
  private ObservedSessions() {}

  /** The first pass over a session, in a cluster that serves all types; its node is not known. */
  public static ObservedSession of(
      VdiSession session, Optional<VdiTemplate> template, Map<ChildKind, ChildState> children) {
    return new ObservedSession(
        session,
        template,
        "alice",
        children,
        List.of(),
        true,
        false,
        Optional.empty(),
        List.of(),
        Optional.empty(),
        PodHistory.NONE,
        true,
        true,
        Optional.empty());
  }
}
