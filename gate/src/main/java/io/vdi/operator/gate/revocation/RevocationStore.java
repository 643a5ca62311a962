package io.vdi.operator.gate.revocation;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.ConfigMap;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.WatchedNamespaces;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/** The revocations in ConfigMap {@value #NAME}. Each replica watches it. */
public final class RevocationStore {
  public static final String NAME = "vdi-gate-revocations";

  private final String namespace;
  private final SharedMap map;
  private final InstantSource clock;
  private final ResourceCache<ConfigMap> cache;
  private final List<Listener> listeners = new CopyOnWriteArrayList<>();

  private record Listener(String map, Runnable run) {}

  /**
   * @param clock that of the API server
   */
  public RevocationStore(
      KubeClient api, String namespace, InstantSource nodeClock, InstantSource clock) {
    this.namespace = namespace;
    this.map = new SharedMap(api, namespace, NAME);
    this.clock = clock;
    this.cache =
        new ResourceCache<>(
            api,
            WatchedNamespaces.of(List.of(namespace)),
            ResourceType.CONFIG_MAP,
            SharedMap.SELECTOR,
            nodeClock,
            change -> changed(change.object()));
  }

  private void changed(ConfigMap changed) {
    report(changed.name());
  }

  private void report(String map) {
    listeners.stream()
        .filter(listener -> listener.map().equals(map))
        .forEach(listener -> listener.run().run());
  }

  /**
   * Called when another ConfigMap of the gate has changed, which shares the watch. It must return
   * quickly.
   */
  public void onChangeOf(String map, Runnable listener) {
    listeners.add(new Listener(map, listener));
  }

  /** Called when there are new revocations, on the thread of the watch: it must return quickly. */
  public void onChange(Runnable listener) {
    onChangeOf(NAME, listener);
  }

  public ResourceCache<ConfigMap> cache() {
    return cache;
  }

  /** The revocations that this replica knows; empty if it cannot know them. */
  public Optional<Revocations> current() {
    return cache.isSynced() && cache.error().isEmpty()
        ? Optional.of(
            cache
                .get(namespace, NAME)
                .map(found -> new Revocations(found.data()))
                .orElse(Revocations.NONE))
        : Optional.empty();
  }

  /**
   * Revokes for all replicas. This replica applies it when the method returns.
   *
   * @param until when the last token that it covers expires
   */
  public ApiResult<Boolean> revoke(Revocation revocation, Instant until) {
    ApiResult<SharedMap.Changed<Boolean>> changed =
        map.change(data ->
            new Revocations(data)
                .with(revocation, until, clock.instant())
                .<SharedMap.Outcome<Boolean>>map(
                    next -> new SharedMap.Outcome.Write<>(next.data(), true))
                .orElse(new SharedMap.Outcome.Leave<>(false)));
    changed
        .ok()
        .flatMap(SharedMap.Changed::map)
        .ifPresent(written -> {
          if (cache.get(namespace, NAME).isPresent()) {
            cache.changed(written);
          } else {
            cache.created(written);
          }
          report(NAME);
        });
    return changed.flatMap(done ->
        done.result()
            ? new ApiResult.Ok<>(true)
            : new ApiResult.Unreachable<>("ConfigMap " + NAME + " has no room"));
  }
}
