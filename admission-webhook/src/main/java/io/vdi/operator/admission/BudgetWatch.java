package io.vdi.operator.admission;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.usage.GpuUse;
import io.vdi.operator.runtime.schedule.Periodic;
import java.time.Duration;
import java.time.InstantSource;
import java.time.YearMonth;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which budgets of GPU hours are spent; docs/specification.md, section 9. Reads the use of the
 * month once a minute while there are budgets: a decision must not wait for it.
 */
final class BudgetWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(BudgetWatch.class);
  private static final Duration INTERVAL = Duration.ofMinutes(1);

  private final KubeClient api;
  private final Supplier<AdmissionConfig> config;
  private final InstantSource clock;
  private final Consumer<String> failures;
  private final Periodic refresh = new Periodic("budgets", INTERVAL, this::refresh);
  private volatile Optional<GpuUse> use = Optional.empty();

  /**
   * @param failures gets the reason of each read that fails
   */
  BudgetWatch(
      KubeClient api,
      Supplier<AdmissionConfig> config,
      InstantSource clock,
      Consumer<String> failures) {
    this.api = api;
    this.config = config;
    this.clock = clock;
    this.failures = failures;
  }

  void start() {
    refresh.start();
  }

  void refresh() {
    AdmissionConfig settings = config.get();
    if (!settings.budgets().isSet()) {
      use = Optional.empty();
      return;
    }
    GpuUse.Sum sum = new GpuUse.Sum(clock.instant(), settings.usageZone());
    ApiResult<Integer> read =
        api.forEach(
            ResourceType.USAGE,
            settings.namespace(),
            sum.selector(),
            usage -> sum.add(usage.spec()));
    read.ok().ifPresent(count -> use = Optional.of(sum.result()));
    read.failure()
        .ifPresent(failure -> {
          failures.accept(failure.reason());
          LOG.warn("the use of GPUs cannot be read: {}; trying again", failure.message());
        });
  }

  /**
   * The budgets of a user and its recorded groups that are spent, one message for each. Empty while
   * the use is not known: a budget never prevents all work.
   */
  List<String> spent(String user, List<String> groups) {
    AdmissionConfig settings = config.get();
    ZoneId zone = settings.usageZone();
    return use.filter(known -> known.month().equals(YearMonth.from(clock.instant().atZone(zone))))
        .map(known -> settings.budgets().spent(user, groups, known, zone))
        .orElse(List.of());
  }

  @Override
  public void close() {
    refresh.close();
  }
}
