package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.quota.StorageSize;
import java.math.BigDecimal;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** With the grammar of k8s.io/apimachinery/pkg/api/resource. */
class QuantitiesTest {
  private static final Map<String, BigDecimal> UNITS =
      Map.ofEntries(
          Map.entry("n", new BigDecimal("1e-9")),
          Map.entry("u", new BigDecimal("1e-6")),
          Map.entry("m", new BigDecimal("1e-3")),
          Map.entry("", BigDecimal.ONE),
          Map.entry("k", new BigDecimal("1e3")),
          Map.entry("M", new BigDecimal("1e6")),
          Map.entry("G", new BigDecimal("1e9")),
          Map.entry("T", new BigDecimal("1e12")),
          Map.entry("P", new BigDecimal("1e15")),
          Map.entry("E", new BigDecimal("1e18")),
          Map.entry("Ki", BigDecimal.TWO.pow(10)),
          Map.entry("Mi", BigDecimal.TWO.pow(20)),
          Map.entry("Gi", BigDecimal.TWO.pow(30)),
          Map.entry("Ti", BigDecimal.TWO.pow(40)),
          Map.entry("Pi", BigDecimal.TWO.pow(50)));

  @Provide
  Arbitrary<String> units() {
    return Arbitraries.of(UNITS.keySet());
  }

  @Property
  void aQuantityIsItsNumberTimesItsUnit(
      @ForAll @IntRange(min = 1, max = 99_999) int thousandths, @ForAll("units") String unit) {
    BigDecimal number = BigDecimal.valueOf(thousandths, 3);
    assertThat(Quantities.parse(number + unit).orElseThrow())
        .as(number + unit)
        .isEqualByComparingTo(number.multiply(UNITS.get(unit)));
  }

  @ParameterizedTest
  @CsvSource({
    "1e3, 1000",
    "1E3, 1000",
    "1e+3, 1000",
    "1e-3, 1m",
    "12e6, 12M",
    "0.5Gi, 512Mi",
    "1500m, 1.5",
    ".5, 500m",
    "5., 5",
    "+5, 5",
    "0005, 5",
    "1E, 1000P",
    "1125899906842624, 1Pi"
  })
  void quantitiesOfOneAmountAreEqual(String one, String other) {
    assertThat(Quantities.areEqual(one, other))
        .as("%s is %s", Quantities.parse(one), Quantities.parse(other))
        .isTrue();
    assertThat(Quantities.isLarger(one, other)).isFalse();
    assertThat(Quantities.isLarger(other, one)).isFalse();
  }

  /** The API server refuses them, in a pod, a claim and the schema. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        " 1Gi",
        "1Gi ",
        "1 Gi",
        "1\n",
        "1K",
        "1g",
        "1t",
        "1p",
        "1mi",
        "1ki",
        "1Zi",
        "1GiB",
        "1e",
        "1e1.5",
        "1e3Ki",
        "1e 3",
        "e3",
        "Gi",
        ".",
        "+",
        "--1",
        "1.2.3",
        "1,5",
        "1_000",
        "0x10",
        "NaN",
        "Infinity",
        "\u0661Gi",
        "\uFF11Gi",
        "1e\u0663",
        "0",
        "0e9",
        "-0.5",
        "-1Gi"
      })
  void otherTextsAreNoQuantitiesAboveZero(String text) {
    assertThat(Quantities.parse(text)).as(text).isEmpty();
    assertThat(Quantities.areEqual(text, text)).as("equal to itself").isFalse();
    assertThat(Quantities.isLarger("1Ti", text)).as("compared").isFalse();
  }

  @Test
  void aTextOf32CharactersIsTheLongest() {
    assertThat(Quantities.parse("1".repeat(30) + "Gi")).isPresent();
    assertThat(Quantities.parse("1".repeat(31) + "Gi")).isEmpty();
  }

  /** The API server accepts some of them. To round the last one would take a minute. */
  @ParameterizedTest
  @ValueSource(strings = {"1e100", "1e999999999", "1e9999999999", "1e-100", "1e-99999999"})
  void anExponentHasAtMostTwoDigits(String text) {
    assertThat(Quantities.parse(text)).isEmpty();
    assertThat(StorageSize.bytes(text)).isZero();
  }

  @Test
  void theLargestExponentsCountAsTheLargestAndSmallestSize() {
    assertThat(StorageSize.bytes("1e99")).isEqualTo(Long.MAX_VALUE - 1);
    assertThat(StorageSize.bytes("1e-99")).isEqualTo(1);
    assertThat(Quantities.isLarger("1e99", "9".repeat(30) + "Pi")).isTrue();
  }
}
