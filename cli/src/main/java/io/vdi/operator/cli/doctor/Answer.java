package io.vdi.operator.cli.doctor;

import io.vdi.operator.common.causes.Cause;
import java.util.Optional;

/** What a check has come to. */
public sealed interface Answer {
  /**
   * All is well.
   *
   * @param seen what was seen, in a few words
   */
  record Fine(String seen) implements Answer {}

  /** It is not. */
  record Found(Finding finding) implements Answer {}

  /**
   * It could not be asked, or there is nothing to ask.
   *
   * @param why in a few words
   * @param blocker what stands in the way, where that was found before
   */
  record Skipped(String why, Optional<Cause> blocker) implements Answer {
    Skipped(String why) {
      this(why, Optional.empty());
    }

    static Skipped blockedBy(Cause cause) {
      return new Skipped("blocked by " + cause.code(), Optional.of(cause));
    }
  }
}
