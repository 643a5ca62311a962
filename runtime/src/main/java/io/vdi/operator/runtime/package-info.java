/**
 * What every service has: configuration that reloads, JSON logs, health and metrics on one port, an
 * orderly end. Imports Helidon, Logback, and of the model only durations; knows neither the
 * Kubernetes client nor any one service. Start at {@link
 * io.vdi.operator.runtime.config.ReloadableConfig}.
 */
package io.vdi.operator.runtime;
