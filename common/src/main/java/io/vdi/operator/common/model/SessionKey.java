package io.vdi.operator.common.model;

/** The namespace and name of a session. */
public record SessionKey(String namespace, String name) {
  public static SessionKey of(KubeObject session) {
    return new SessionKey(session.namespace(), session.name());
  }

  @Override
  public String toString() {
    return namespace + "/" + name;
  }
}
