package io.vdi.operator.runtime;

import io.helidon.metrics.api.MeterRegistry;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.runtime.config.ReloadableConfig;
import java.time.InstantSource;
import java.util.function.BooleanSupplier;

/**
 * What {@link ServiceRuntime} gives a service to work with.
 *
 * @param mayWrite whether this replica leads now; a service asks it before each write
 */
public record ServiceContext<C extends ServiceConfig>(
    KubeClient api,
    ReloadableConfig<C> config,
    MeterRegistry meters,
    InstantSource clock,
    BooleanSupplier mayWrite) {}
