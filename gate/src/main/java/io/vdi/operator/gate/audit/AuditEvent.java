package io.vdi.operator.gate.audit;

import io.vdi.operator.common.model.SessionKey;

/**
 * One event of the audit log. Texts can come from clients and from the provider: the log bounds and
 * escapes them. No text is a token, a cookie or a password. A text that is unknown is empty.
 */
public sealed interface AuditEvent {
  /** Who did it. */
  Actor actor();

  /**
   * Who did it, and from where.
   *
   * @param user the e-mail address; empty if nobody is signed in
   * @param address of the client, as the router reports it
   * @param signInId of the gate; empty for a request without a sign-in, such as one with a bearer
   *     token
   */
  record Actor(String user, String address, String signInId) {
    /** A client that is not signed in. */
    public static Actor unknown(String address) {
      return new Actor("", address, "");
    }
  }

  /**
   * The object of an event.
   *
   * @param kind such as {@code VDISession} or {@code PersistentVolumeClaim}
   * @param template of a session; otherwise empty
   */
  record Target(String kind, String namespace, String name, String uid, String template) {
    /** A session. */
    public static Target session(SessionKey session, String uid, String template) {
      return new Target("VDISession", session.namespace(), session.name(), uid, template);
    }
  }

  /** A user has signed in. */
  record SignedIn(Actor actor) implements AuditEvent {}

  /** A sign-in was refused. */
  record SignInRefused(Actor actor, String reason) implements AuditEvent {}

  /**
   * A sign-in has ended early.
   *
   * @param reason who ended it: the user, or the provider
   */
  record SignedOut(Actor actor, String reason) implements AuditEvent {}

  /**
   * A user has opened a desktop: its host has accepted a ticket.
   *
   * @param role such as {@code OWNER}, {@code VIEW} of a guest, or {@code WATCH} of an admin
   */
  record Opened(Actor actor, Target desktop, String role) implements AuditEvent {}

  /** A user was refused at a desktop. */
  record OpenRefused(Actor actor, Target desktop, String reason) implements AuditEvent {}

  /**
   * A user has changed an object, or has tried to.
   *
   * @param verb such as {@code create}, {@code suspend} or {@code delete}
   * @param outcome {@code done}, or why it was refused
   */
  record Acted(Actor actor, String verb, Target object, String outcome) implements AuditEvent {}
}
