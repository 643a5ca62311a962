package io.vdi.operator.runtime;

import io.helidon.metrics.api.Gauge;
import io.helidon.metrics.api.MeterRegistry;
import io.helidon.metrics.api.Tag;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Gauges that are read when they are asked for. */
public final class Gauges {
  private final MeterRegistry meters;

  public Gauges(MeterRegistry meters) {
    this.meters = meters;
  }

  public <N extends Number> void add(
      String name, String description, Supplier<N> value, Tag... tags) {
    meters.getOrCreate(Gauge.builder(name, value).description(description).tags(List.of(tags)));
  }

  /** The two of every service that leads: {@code vdi_leader} and {@code vdi_config_valid}. */
  public void ofLeader(BooleanSupplier leading, BooleanSupplier configValid) {
    add("vdi_leader", "1 where this process is the leader", () -> leading.getAsBoolean() ? 1 : 0);
    ofConfig(configValid);
  }

  public void ofConfig(BooleanSupplier valid) {
    add(
        "vdi_config_valid",
        "0 where the configuration file has changed to something that was refused",
        () -> valid.getAsBoolean() ? 1 : 0);
  }
}
