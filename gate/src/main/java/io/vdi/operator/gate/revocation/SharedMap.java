package io.vdi.operator.gate.revocation;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.SharedConfigMap;
import io.vdi.operator.common.model.ConfigMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * The data of a ConfigMap that all replicas change. A change is written only if nobody else has
 * changed the data since it was read; otherwise it is computed again.
 */
public final class SharedMap {
  /** The label by which the gate watches its ConfigMaps. */
  public static final String SELECTOR = "app.kubernetes.io/component=gate-state";

  private static final int MAX_ATTEMPTS = 20;

  private static final Map<String, String> LABELS =
      Map.of("app.kubernetes.io/name", "vdi-operator", "app.kubernetes.io/component", "gate-state");

  private final SharedConfigMap map;

  public SharedMap(KubeClient api, String namespace, String name) {
    this.map = new SharedConfigMap(api, namespace, name, LABELS);
  }

  /** What a change makes of the data. */
  public sealed interface Outcome<R> {
    /** Write this data; the result is returned once it is written. */
    record Write<R>(Map<String, String> data, R result) implements Outcome<R> {}

    /** Change nothing. */
    record Leave<R>(R result) implements Outcome<R> {}
  }

  /**
   * A change and its result.
   *
   * @param map as it was written; empty if nothing was changed
   */
  public record Changed<R>(Optional<ConfigMap> map, R result) {}

  /** Changes the data; the function can be called several times. */
  public <R> ApiResult<Changed<R>> change(Function<Map<String, String>, Outcome<R>> change) {
    ApiResult<Changed<R>> last =
        new ApiResult.Unreachable<>("ConfigMap " + map.name() + " is contended");
    for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      ApiResult<ConfigMap> found = map.read();
      boolean missing = found.isNotFound();
      if (!missing && found.ok().isEmpty()) {
        return found.flatMap(unread -> new ApiResult.Unreachable<>("unreadable"));
      }
      ConfigMap current = found.ok().orElse(new ConfigMap(null, Map.of()));
      switch (change.apply(current.data())) {
        case Outcome.Leave<R>(R result) -> {
          return new ApiResult.Ok<>(new Changed<>(Optional.empty(), result));
        }
        case Outcome.Write<R>(Map<String, String> data, R result) -> {
          ApiResult<ConfigMap> written = map.write(current.metadata().resourceVersion(), data);
          last = written.map(now -> new Changed<>(Optional.of(now), result));
          if (!written.isConflict() && !written.isAlreadyExists()) {
            return last;
          }
        }
      }
    }
    return last;
  }
}
