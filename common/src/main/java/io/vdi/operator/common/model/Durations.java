package io.vdi.operator.common.model;

import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Durations in the API: {@code 8h}, {@code 90m}, {@code 1h30m}, {@code 45s}; docs/specification.md,
 * section 1.
 */
public final class Durations {
  private static final Pattern FORM =
      Pattern.compile("(?:(\\d{1,15})h)?(?:(\\d{1,15})m)?(?:(\\d{1,15})s)?");

  /**
   * Longer ones are shortened to this, 200 years: 16 characters can say more than a date of RFC
   * 3339 and a number of nanoseconds can hold.
   */
  static final Duration LONGEST = Duration.ofDays(200 * 365);

  private Durations() {}

  /** The duration, at most {@link #LONGEST}; empty when the text is no duration above zero. */
  public static Optional<Duration> parse(String text) {
    // The groups are bounded, so the pattern stops after at most 48 characters of any text.
    Matcher m = FORM.matcher(text == null ? "" : text);
    if (!m.matches()) {
      return Optional.empty();
    }
    Duration sum = Duration.ofHours(part(m, 1)).plusMinutes(part(m, 2)).plusSeconds(part(m, 3));
    if (!sum.isPositive()) {
      return Optional.empty();
    }
    return Optional.of(sum.compareTo(LONGEST) < 0 ? sum : LONGEST);
  }

  /** The shortest text for this duration in whole seconds, as {@link #parse} reads it. */
  public static String format(Duration duration) {
    long seconds = duration.toSeconds();
    String text =
        (seconds / 3600 > 0 ? seconds / 3600 + "h" : "")
            + (seconds % 3600 / 60 > 0 ? seconds % 3600 / 60 + "m" : "")
            + (seconds % 60 > 0 ? seconds % 60 + "s" : "");
    return text.isEmpty() ? "0s" : text;
  }

  private static long part(Matcher m, int group) {
    return m.group(group) == null ? 0 : Long.parseLong(m.group(group));
  }
}
