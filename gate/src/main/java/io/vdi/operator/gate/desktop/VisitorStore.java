package io.vdi.operator.gate.desktop;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.ConfigMap;
import io.vdi.operator.gate.revocation.SharedMap;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Who visits the desktops of others, in ConfigMap {@value #NAME}. Each replica watches it, so that
 * any of them can show the visitors, and end the connections of one who came through another.
 */
public final class VisitorStore {
  public static final String NAME = "vdi-gate-visitors";

  /** About 350 bytes each; a ConfigMap holds 1 MiB. */
  static final int MAX_ENTRIES = 2000;

  private final String namespace;
  private final SharedMap map;
  private final ResourceCache<ConfigMap> cache;

  /**
   * @param cache of the gate's ConfigMaps
   */
  public VisitorStore(KubeClient api, String namespace, ResourceCache<ConfigMap> cache) {
    this.namespace = namespace;
    this.map = new SharedMap(api, namespace, NAME);
    this.cache = cache;
  }

  /** All visitors that this replica knows. */
  public List<Visitor> all() {
    return data().values().stream().flatMap(text -> Visitor.parse(text).stream()).toList();
  }

  public boolean contains(Visitor visitor) {
    return data().containsKey(visitor.key());
  }

  /**
   * Adds a visitor for all replicas.
   *
   * @return whether the visitor has come by this call; false for one who was there
   */
  public ApiResult<Boolean> add(Visitor visitor, Instant now) {
    ApiResult<SharedMap.Changed<Optional<Boolean>>> changed =
        map.change(data -> {
          if (data.containsKey(visitor.key())) {
            return new SharedMap.Outcome.Leave<>(Optional.of(false));
          }
          Map<String, String> next = new HashMap<>(data);
          next.values()
              .removeIf(text ->
                  Visitor.parse(text).filter(known -> known.expires().isAfter(now)).isEmpty());
          next.put(visitor.key(), visitor.text());
          return next.size() > MAX_ENTRIES
              ? new SharedMap.Outcome.Leave<>(Optional.empty())
              : new SharedMap.Outcome.Write<>(next, Optional.of(true));
        });
    written(changed);
    return changed.flatMap(done ->
        done.result()
            .<ApiResult<Boolean>>map(ApiResult.Ok::new)
            .orElseGet(() -> new ApiResult.Unreachable<>("ConfigMap " + NAME + " has no room")));
  }

  /**
   * Removes visitors for all replicas.
   *
   * @return those that this call has removed, and no other replica
   */
  public ApiResult<List<Visitor>> removeIf(Predicate<Visitor> ended) {
    if (all().stream().noneMatch(ended)) {
      return new ApiResult.Ok<>(List.of());
    }
    ApiResult<SharedMap.Changed<List<Visitor>>> changed =
        map.change(data -> {
          List<Visitor> removed = new ArrayList<>();
          Map<String, String> next = new HashMap<>(data);
          next.values()
              .removeIf(text -> {
                Optional<Visitor> found = Visitor.parse(text).filter(ended);
                found.ifPresent(removed::add);
                return found.isPresent();
              });
          return removed.isEmpty()
              ? new SharedMap.Outcome.Leave<>(List.of())
              : new SharedMap.Outcome.Write<>(next, List.copyOf(removed));
        });
    written(changed);
    return changed.map(SharedMap.Changed::result);
  }

  private void written(ApiResult<? extends SharedMap.Changed<?>> changed) {
    changed
        .ok()
        .flatMap(SharedMap.Changed::map)
        .ifPresent(now -> {
          if (cache.get(namespace, NAME).isPresent()) {
            cache.changed(now);
          } else {
            cache.created(now);
          }
        });
  }

  private Map<String, String> data() {
    return cache.get(namespace, NAME).map(ConfigMap::data).orElse(Map.of());
  }
}
