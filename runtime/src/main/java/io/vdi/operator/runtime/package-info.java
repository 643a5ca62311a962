/**
 * The life of a service: startup, health and metrics, permissions, logs, an orderly stop. Imports
 * Helidon, Logback, the Kubernetes client and the other packages of runtime, which do not import
 * this one. Start at {@link io.vdi.operator.runtime.ServiceRuntime}.
 */
package io.vdi.operator.runtime;
