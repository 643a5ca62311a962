package io.vdi.operator.controller;

import io.vdi.operator.common.model.Resource;

/** Names a session. */
public record SessionKey(String namespace, String name) {
  static SessionKey of(Resource session) {
    return new SessionKey(session.namespace(), session.name());
  }

  @Override
  public String toString() {
    return namespace + "/" + name;
  }
}
