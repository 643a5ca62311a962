package io.vdi.operator.cli.doctor;

import io.vdi.operator.common.diagnosis.KnownCause;
import java.util.Optional;

/** What a check has come to. */
public sealed interface CheckResult {
  /**
   * All is well.
   *
   * @param seen what was seen, in a few words
   */
  record Passed(String seen) implements CheckResult {}

  /** It is not. */
  record Failed(Finding finding) implements CheckResult {}

  /**
   * It could not be asked, or there is nothing to ask.
   *
   * @param why in a few words
   * @param blocker what stands in the way, where that was found before
   */
  record Skipped(String why, Optional<KnownCause> blocker) implements CheckResult {
    Skipped(String why) {
      this(why, Optional.empty());
    }

    static Skipped blockedBy(KnownCause cause) {
      return new Skipped("blocked by " + cause.code(), Optional.of(cause));
    }
  }
}
