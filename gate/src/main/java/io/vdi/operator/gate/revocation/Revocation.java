package io.vdi.operator.gate.revocation;

import java.time.Instant;

/** The early end of one or more sign-ins. */
public sealed interface Revocation {
  /** One sign-in of the gate: the user signed out. */
  record OfSignIn(String signInId) implements Revocation {}

  /** The sign-ins of one session at the provider. */
  record OfProviderSession(String providerSession) implements Revocation {}

  /** All sign-ins of a user up to a time. */
  record OfSubject(String subject, Instant upTo) implements Revocation {}
}
