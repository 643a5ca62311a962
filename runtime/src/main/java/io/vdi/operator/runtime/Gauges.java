package io.vdi.operator.runtime;

import io.helidon.metrics.api.Gauge;
import io.helidon.metrics.api.MeterRegistry;
import io.helidon.metrics.api.Tag;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Registers gauges whose values are read at each scrape. */
public final class Gauges {
  private final MeterRegistry meters;

  public Gauges(MeterRegistry meters) {
    this.meters = meters;
  }

  /**
   * Registers one gauge.
   *
   * @param value called at each scrape, on a thread of the server
   */
  public <N extends Number> void add(
      String name, String description, Supplier<N> value, Tag... tags) {
    meters.getOrCreate(Gauge.builder(name, value).description(description).tags(List.of(tags)));
  }

  /** The gauges of a service with leader election: {@code vdi_leader} and {@link #ofConfig}. */
  public void ofLeader(BooleanSupplier leading, BooleanSupplier configValid) {
    add("vdi_leader", "1 while this process is the leader", () -> leading.getAsBoolean() ? 1 : 0);
    ofConfig(configValid);
  }

  /** {@code vdi_config_valid}, which every service has. */
  public void ofConfig(BooleanSupplier valid) {
    add(
        "vdi_config_valid",
        "0 while the configuration file is invalid and the former settings apply",
        () -> valid.getAsBoolean() ? 1 : 0);
  }
}
