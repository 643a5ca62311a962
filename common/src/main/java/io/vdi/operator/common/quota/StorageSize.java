package io.vdi.operator.common.quota;

import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.model.Quantities;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;

/** Sizes of homes as numbers of bytes, which quotas add up, and as text. */
public final class StorageSize {
  private static final BigDecimal MAX = BigDecimal.valueOf(Long.MAX_VALUE - 1);

  private record Unit(String name, long bytes) {}

  /** From large to small; for a size that both can express, the shorter text is used. */
  private static final List<Unit> BINARY = units(1024, "Ei", "Pi", "Ti", "Gi", "Mi", "Ki");

  private static final List<Unit> DECIMAL = units(1000, "E", "P", "T", "G", "M", "k");

  private StorageSize() {}

  private static List<Unit> units(long base, String... names) {
    long bytes = 1;
    Unit[] units = new Unit[names.length];
    for (int i = names.length - 1; i >= 0; i--) {
      bytes *= base;
      units[i] = new Unit(names[i], bytes);
    }
    return List.of(units);
  }

  /**
   * The bytes of a quantity, rounded up; 0 if it is no quantity above zero. A size that a long
   * cannot contain is the largest number below {@link ResourceAmounts#UNLIMITED}.
   */
  public static long bytes(String quantity) {
    return Quantities.parse(quantity)
        .map(number -> number.min(MAX).setScale(0, RoundingMode.CEILING).longValueExact())
        .orElse(0L);
  }

  /**
   * What a claim has: the larger of its request and of the capacity of its volume. A volume cannot
   * shrink, and a larger request is fulfilled later.
   */
  public static long bytes(PersistentVolumeClaim claim) {
    return Math.max(bytes(claim.requestedSize()), bytes(claim.capacity()));
  }

  /** The size as an exact quantity, such as {@code 40Gi} or {@code 500M}. */
  public static String format(long bytes) {
    String binary = format(bytes, BINARY);
    String decimal = format(bytes, DECIMAL);
    return decimal.length() < binary.length() ? decimal : binary;
  }

  private static String format(long bytes, List<Unit> units) {
    return units.stream()
        .filter(unit -> bytes > 0 && bytes % unit.bytes() == 0)
        .findFirst()
        .map(unit -> bytes / unit.bytes() + unit.name())
        .orElse(String.valueOf(bytes));
  }
}
