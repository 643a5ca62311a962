package io.vdi.operator.common.model;

import io.kubernetes.client.custom.Quantity;
import java.math.BigDecimal;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Kubernetes quantities, such as {@code 4Gi}, {@code 500m} or {@code 2}, read by the client's
 * parser.
 */
public final class Quantities {
  /** Longer texts are rejected before they are parsed; no realistic quantity is as long. */
  private static final int MAX_LENGTH = 32;

  /**
   * The grammar of Kubernetes; the parser also reads digits of other scripts. An exponent has at
   * most two digits: to round {@code 1e-99999999} takes a minute.
   */
  private static final Pattern FORM =
      Pattern.compile(
          "[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,2})?");

  private Quantities() {}

  /** The amount in base units (bytes, cores); empty when the text is no quantity above zero. */
  public static Optional<BigDecimal> parse(String text) {
    if (text == null || text.length() > MAX_LENGTH || !FORM.matcher(text).matches()) {
      return Optional.empty();
    }
    BigDecimal number = Quantity.fromString(text).getNumber();
    return number.signum() > 0 ? Optional.of(number) : Optional.empty();
  }

  /** Whether both are the same amount, such as {@code 1Gi} and {@code 1024Mi}. */
  public static boolean areEqual(String a, String b) {
    return parse(a).flatMap(x -> parse(b).map(y -> x.compareTo(y) == 0)).orElse(false);
  }

  /** Whether both are quantities and {@code a} is larger. */
  public static boolean isLarger(String a, String b) {
    return parse(a).flatMap(x -> parse(b).map(y -> x.compareTo(y) > 0)).orElse(false);
  }
}
