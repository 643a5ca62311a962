package io.vdi.operator.controller.session.plan;

import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.controller.session.resources.SharedObject;
import java.util.Optional;

/**
 * An object that the session shares with others of its namespace.
 *
 * @param current empty if it does not exist
 */
public record SharedState(SharedObject desired, Optional<ObjectMeta> current) {
  boolean isUpToDate() {
    return current.filter(desired::matches).isPresent();
  }
}
