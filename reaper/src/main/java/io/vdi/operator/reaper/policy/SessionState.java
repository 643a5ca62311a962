package io.vdi.operator.reaper.policy;

import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.util.Optional;

/**
 * A session and the objects that determine its end, as read at one moment.
 *
 * @param template empty if the cluster has no template of that name
 * @param pod the pod with the session's name, whatever its owner; empty if there is none or it was
 *     not read
 */
public record SessionState(VdiSession session, Optional<VdiTemplate> template, Optional<Pod> pod) {}
