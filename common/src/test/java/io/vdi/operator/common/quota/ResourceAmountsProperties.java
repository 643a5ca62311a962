package io.vdi.operator.common.quota;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.quota.QuotaViolation.QuotaResource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class ResourceAmountsProperties {
  @Property
  void aSumDoesNotDependOnTheOrderAndIsNeverBelowAPart(
      @ForAll("amounts") List<ResourceAmounts> amounts, @ForAll Random random) {
    ResourceAmounts sum = sum(amounts);
    List<ResourceAmounts> shuffled = new ArrayList<>(amounts);
    Collections.shuffle(shuffled, random);
    assertThat(sum(shuffled)).isEqualTo(sum);
    for (ResourceAmounts part : amounts) {
      for (QuotaResource resource : QuotaResource.values()) {
        assertThat(sum.of(resource))
            .as("%s of %s", resource, amounts)
            .isGreaterThanOrEqualTo(part.of(resource));
      }
    }
    assertThat(sum.isZero()).isEqualTo(amounts.stream().allMatch(ResourceAmounts::isZero));
  }

  private static ResourceAmounts sum(List<ResourceAmounts> amounts) {
    return amounts.stream().reduce(ResourceAmounts.ZERO, ResourceAmounts::plus);
  }

  /** The number of GPUs of a session is an int; the size of a home is any text. */
  @Provide
  Arbitrary<List<ResourceAmounts>> amounts() {
    return Combinators.combine(
            Arbitraries.longs().between(0, 1),
            Arbitraries.longs().between(0, Integer.MAX_VALUE),
            Arbitraries.oneOf(
                Arbitraries.longs().between(0, Long.MAX_VALUE),
                Arbitraries.of(0L, 1L, Long.MAX_VALUE - 1)))
        .as(ResourceAmounts::new)
        .list()
        .ofMaxSize(8);
  }
}
