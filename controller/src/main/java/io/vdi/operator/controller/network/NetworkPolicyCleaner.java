package io.vdi.operator.controller.network;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.PartialObjectMetadata;
import io.vdi.operator.common.model.ResourceNames;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.session.cache.ControllerCaches;
import io.vdi.operator.runtime.schedule.Periodic;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes each NetworkPolicy of desktops after the last session of its template in its namespace is
 * deleted, and all of them when {@code network.mode} becomes none. Sessions share a policy, so it
 * has no owner that Kubernetes' garbage collector could follow. If a session is created at the same
 * time, its next pass creates the policy again: the deletion is an event for it.
 */
public final class NetworkPolicyCleaner implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(NetworkPolicyCleaner.class);
  private static final Duration INTERVAL = Duration.ofSeconds(3);

  private final KubeClient api;
  private final ControllerCaches caches;
  private final BooleanSupplier managed;
  private final BooleanSupplier mayWrite;
  private final AtomicBoolean changed = new AtomicBoolean(true);
  private final Periodic passes;

  /**
   * @param managed whether sessions have policies; docs/configuration.md, {@code network.mode}
   */
  public NetworkPolicyCleaner(
      KubeClient api, ControllerCaches caches, BooleanSupplier managed, BooleanSupplier mayWrite) {
    this.api = api;
    this.caches = caches;
    this.managed = managed;
    this.mayWrite = mayWrite;
    this.passes = new Periodic("network-policies", INTERVAL, this::pass);
  }

  /** Sessions, policies or the configuration changed. */
  public void changed() {
    changed.set(true);
  }

  /** Starts to delete. */
  public void start() {
    passes.start();
  }

  private void pass() {
    if (changed.getAndSet(false) && !deleteUnused()) {
      changed.set(true);
    }
  }

  /** Returns whether no policy is left that should not exist. */
  boolean deleteUnused() {
    boolean all = true;
    for (PartialObjectMetadata policy : unused()) {
      all &= mayWrite.getAsBoolean() && delete(policy);
    }
    return all;
  }

  private List<PartialObjectMetadata> unused() {
    Set<String> used =
        managed.getAsBoolean()
            ? caches.sessions().list().stream()
                .map(NetworkPolicyCleaner::policyOf)
                .collect(Collectors.toSet())
            : Set.of();
    return caches.networkPolicies().list().stream()
        .filter(policy -> policy.metadata().label(Labels.TEMPLATE).isPresent())
        .filter(policy -> !policy.metadata().isDeleting())
        .filter(policy -> !used.contains(key(policy.namespace(), policy.name())))
        .toList();
  }

  private static String policyOf(VdiSession session) {
    return key(session.namespace(), ResourceNames.networkPolicy(session.spec().template()));
  }

  private static String key(String namespace, String policy) {
    return namespace + "/" + policy;
  }

  private boolean delete(PartialObjectMetadata policy) {
    ApiResult<PartialObjectMetadata> result =
        api.deleteIfUnchanged(ResourceType.NETWORK_POLICY, policy.metadata());
    if (result.ok().isPresent() || result.isNotFound()) {
      caches.networkPolicies().deleted(policy.namespace(), policy.name(), policy.uid());
      LOG.info(
          "deleted NetworkPolicy {} in {}: no session uses it", policy.name(), policy.namespace());
      return true;
    }
    LOG.warn(
        "cannot delete NetworkPolicy {} in {}: {}",
        policy.name(),
        policy.namespace(),
        result.failure().map(ApiFailure::message).orElse(""));
    return false;
  }

  @Override
  public void close() {
    passes.close();
  }
}
