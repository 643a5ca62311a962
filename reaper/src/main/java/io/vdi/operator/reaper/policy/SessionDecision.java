package io.vdi.operator.reaper.policy;

import java.util.Set;

/**
 * What the policy decides on a session at one moment.
 *
 * @param deletionDue whether a deadline at which the session is deleted has passed, whether its
 *     user was warned or not; the mass deletion guard counts these sessions
 * @param upheld the reasons whose warnings still apply. All other warnings are withdrawn: if their
 *     deadline returns, the user is warned again
 * @param endRevoked whether the session has the annotation {@code vdi.kasm.io/ended-by} although it
 *     does not end any more
 */
public record SessionDecision(
    SessionVerdict verdict, boolean deletionDue, Set<ReapReason> upheld, boolean endRevoked) {
  public SessionDecision {
    upheld = Set.copyOf(upheld);
  }
}
