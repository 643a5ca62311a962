package io.vdi.operator.cli.doctor;

import io.vdi.operator.common.diagnosis.KnownCause;
import java.util.Optional;

/** The result of one check. */
public sealed interface CheckResult {
  /**
   * There is no problem.
   *
   * @param observed what the check found, in a few words
   */
  record Passed(String observed) implements CheckResult {}

  /** There is a problem: an error or a warning. */
  record Failed(Finding finding) implements CheckResult {}

  /**
   * The check could not run, or there was nothing to check.
   *
   * @param reason why, in a few words
   * @param blocker the problem of a check that this one depends on
   */
  record Skipped(String reason, Optional<KnownCause> blocker) implements CheckResult {
    Skipped(String reason) {
      this(reason, Optional.empty());
    }

    static Skipped blockedBy(KnownCause cause) {
      return new Skipped("blocked by " + cause.code(), Optional.of(cause));
    }
  }
}
