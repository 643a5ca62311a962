package io.vdi.operator.common.model;

import java.time.Duration;

/** When the user of a session is warned before its end; docs/specification.md, section 5. */
public final class ExpiryWarning {
  private ExpiryWarning() {}

  /**
   * How long before the end: {@code warningBefore}, or half of the whole time if that is not
   * longer.
   *
   * @param whole not positive if it is unknown, such as when the status names an end before the
   *     start
   */
  public static Duration lead(Duration warningBefore, Duration whole) {
    return !whole.isPositive() || whole.compareTo(warningBefore) > 0
        ? warningBefore
        : whole.dividedBy(2);
  }
}
