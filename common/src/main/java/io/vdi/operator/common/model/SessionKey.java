package io.vdi.operator.common.model;

import java.util.Comparator;

/** The namespace and name of a session, in this order. */
public record SessionKey(String namespace, String name) implements Comparable<SessionKey> {
  private static final Comparator<SessionKey> ORDER =
      Comparator.comparing(SessionKey::namespace).thenComparing(SessionKey::name);

  public static SessionKey of(KubeObject session) {
    return new SessionKey(session.namespace(), session.name());
  }

  @Override
  public int compareTo(SessionKey other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return namespace + "/" + name;
  }
}
