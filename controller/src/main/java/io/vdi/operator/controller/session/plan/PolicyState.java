package io.vdi.operator.controller.session.plan;

import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.controller.session.resources.DesiredPolicy;
import java.util.Optional;

/**
 * The NetworkPolicy that the sessions of a template share in one namespace.
 *
 * @param current empty if it does not exist
 */
public record PolicyState(DesiredPolicy desired, Optional<ObjectMeta> current) {
  boolean isUpToDate() {
    return current.filter(desired::matches).isPresent();
  }
}
