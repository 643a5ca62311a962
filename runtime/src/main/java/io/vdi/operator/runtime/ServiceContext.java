package io.vdi.operator.runtime;

import io.helidon.metrics.api.MeterRegistry;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.runtime.config.ReloadableConfig;
import java.time.InstantSource;
import java.util.function.BooleanSupplier;

/**
 * What {@link ServiceRuntime} gives a service to work with.
 *
 * @param clock the node's, for durations that nobody else observes
 * @param apiServerClock for all times that are compared with times in the API: a node with a wrong
 *     clock must not end sessions early
 * @param mayWrite whether this replica leads now; a service asks it before each write
 */
public record ServiceContext<C extends ServiceConfig>(
    KubeClient api,
    ReloadableConfig<C> config,
    MeterRegistry meters,
    InstantSource clock,
    ApiServerClock apiServerClock,
    BooleanSupplier mayWrite) {}
