package io.vdi.operator.runtime;

import io.helidon.webserver.http.HttpRouting;
import io.vdi.operator.common.kube.RequiredPermission;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.runtime.leader.FormerLeader;
import java.util.List;
import java.util.Optional;

/**
 * One of the operator's services. {@link ServiceRuntime} calls these methods in the order in which
 * they are listed; each is called at most once, except for the questions about its health.
 */
public interface Service {
  /** The caches to start. No work begins before they are synced. */
  List<ResourceCache<?>> caches();

  /** Pages beside health and metrics on the observe port. */
  default void pages(HttpRouting.Builder routing) {}

  /** Whether this configuration uses a permission that the service's role grants. */
  default boolean requires(RequiredPermission permission) {
    return true;
  }

  /** The API server serves the CRDs; the caches have started. */
  default void connected() throws InterruptedException {}

  /** The caches are synced and {@link #readinessError} is empty. The service is ready after it. */
  default void ready() {}

  /**
   * This replica is the leader, or the service has no leader election.
   *
   * @param former who led before, and may have written what the caches lack
   */
  default void elected(FormerLeader former) {}

  /** The configuration file has changed and is valid. */
  default void configChanged() {}

  /** The process received SIGTERM; it still answers requests. */
  default void drain() throws InterruptedException {}

  /** Starts no new work and finishes the work in progress. The Lease is still held. */
  void stop() throws InterruptedException;

  /** Why the process must be restarted; empty while it works. */
  default Optional<String> livenessError() {
    return Optional.empty();
  }

  /** Why the service is not ready, besides its caches; empty when it is ready. */
  default Optional<String> readinessError() {
    return Optional.empty();
  }
}
