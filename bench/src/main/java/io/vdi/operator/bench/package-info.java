/**
 * Measures speed and memory of the services, compared with clients and handlers that do the
 * minimum. May import every module. Start reading at {@link io.vdi.operator.bench.Main}.
 */
package io.vdi.operator.bench;
