package io.vdi.operator.common.kube;

import io.kubernetes.client.informer.ListerWatcher;
import io.kubernetes.client.informer.ResourceEventHandler;
import io.kubernetes.client.informer.SharedIndexInformer;
import io.kubernetes.client.informer.cache.Cache;
import io.kubernetes.client.informer.impl.DefaultSharedIndexInformer;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.util.CallGeneratorParams;
import io.kubernetes.client.util.Watchable;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.ResourceType;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All objects of one kind, kept up to date by a watch, with what we wrote ourselves in front: what
 * the API server returned for our write is shown until the watch has caught up with it. So a
 * decision made right after a write never rests on the time before it, and nobody has to wait for
 * the watch.
 */
public final class ResourceCache<T extends KubeObject> implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ResourceCache.class);

  /**
   * A memory of our own that the watch has not confirmed by then is dropped; the watch is right.
   */
  private static final Duration MEMORY = Duration.ofSeconds(30);

  /** What a change was: {@code before} is empty for a new object, {@code now} for a deleted one. */
  public record Change<T>(Optional<T> before, Optional<T> now) {
    public T object() {
      return now.or(() -> before).orElseThrow();
    }

    /** Whether this part of the object came, went, or is another one now. */
    public boolean concerns(Function<T, ?> part) {
      return !before.map(part).equals(now.map(part));
    }
  }

  private record Written<T>(Optional<T> object, String uid, Instant at) {}

  private final ResourceType<T> resourceType;
  private final InstantSource clock;
  private final Cache<T> cache = new Cache<>();
  private final Map<String, Written<T>> written = new ConcurrentHashMap<>();
  private final SharedIndexInformer<T> informer;
  private volatile String error = "";

  /**
   * A cache that is empty until {@link #start}.
   *
   * @param selector label selector of what to keep; empty for all
   * @param onChange told of each change, on the watch's own thread: hand over and return
   */
  public ResourceCache(
      KubeClient api,
      ResourceType<T> kind,
      String selector,
      InstantSource clock,
      Consumer<Change<T>> onChange) {
    this.resourceType = kind;
    this.clock = clock;
    this.informer =
        new DefaultSharedIndexInformer<>(
            kind.objectClass(),
            new Source<>(api, kind, selector),
            0,
            cache,
            (type, e) -> report(e));
    informer.addEventHandler(new Handler(onChange));
  }

  public void start() {
    informer.run();
  }

  public boolean isSynced() {
    return informer.hasSynced();
  }

  /** Why the watch does not work, or empty where it does. */
  public String error() {
    return isSynced() ? "" : error;
  }

  public ResourceType<T> resourceType() {
    return resourceType;
  }

  public Optional<T> get(String namespace, String name) {
    String key = key(namespace, name);
    Optional<T> seen = Optional.ofNullable(cache.getByKey(key));
    Written<T> ours = written.get(key);
    if (ours == null) {
      return seen;
    }
    if (ours.at().plus(MEMORY).isBefore(clock.instant()) || isConfirmed(ours, seen)) {
      written.remove(key, ours);
      return seen;
    }
    return ours.object();
  }

  private static <T extends KubeObject> boolean isConfirmed(Written<T> ours, Optional<T> seen) {
    return ours.object()
        .map(mine -> seen.filter(o -> o.metadata().isAtLeast(mine.metadata())).isPresent())
        .orElseGet(() -> seen.filter(o -> o.uid().equals(ours.uid())).isEmpty());
  }

  /** All that the watch has shown, without what we wrote a moment ago. */
  public List<T> list() {
    return cache.list();
  }

  /** Shows this new object, as the API server returned it, until the watch does. */
  public void created(T object) {
    written.put(key(object.namespace(), object.name()), memory(object));
  }

  /**
   * Shows this change of an object, as the API server returned it, until the watch does; unless the
   * watch has shown the object's end already, for it can be faster than the answer to our call.
   */
  public void changed(T object) {
    String key = key(object.namespace(), object.name());
    written.compute(
        key,
        (k, ours) -> {
          boolean remembered = ours != null && ours.uid().equals(object.uid());
          T seen = cache.getByKey(key);
          boolean shown = seen != null && seen.uid().equals(object.uid());
          return remembered || shown ? memory(object) : ours;
        });
  }

  private Written<T> memory(T object) {
    return new Written<>(Optional.of(object), object.uid(), clock.instant());
  }

  /** Shows the object with this UID as gone until the watch does. */
  public void deleted(String namespace, String name, String uid) {
    written.put(key(namespace, name), new Written<>(Optional.empty(), uid, clock.instant()));
  }

  @Override
  public void close() {
    informer.stop();
  }

  private static String key(String namespace, String name) {
    return namespace.isEmpty() ? name : namespace + "/" + name;
  }

  private void report(Throwable e) {
    String message =
        e instanceof ApiException api
            ? (api.getCode() > 0 ? api.getCode() + " " : "") + firstLine(api.getMessage())
            : String.valueOf(e.getMessage());
    if (!message.equals(error)) {
      error = message;
      LOG.warn("watching {}: {}; trying again", resourceType.qualifiedName(), message);
    }
  }

  /** The client's exceptions append the whole answer. */
  private static String firstLine(String message) {
    return message.lines().findFirst().orElse("").replaceFirst("^Message: ", "");
  }

  private final class Handler implements ResourceEventHandler<T> {
    private final Consumer<Change<T>> onChange;

    Handler(Consumer<Change<T>> onChange) {
      this.onChange = onChange;
    }

    @Override
    public void onAdd(T object) {
      changed(Optional.empty(), Optional.of(object));
    }

    @Override
    public void onUpdate(T before, T now) {
      changed(Optional.of(before), Optional.of(now));
    }

    @Override
    public void onDelete(T object, boolean unknownFinalState) {
      // The object that we remember may be this one: the watch has seen its end.
      written.computeIfPresent(
          key(object.namespace(), object.name()),
          (k, ours) -> ours.uid().equals(object.uid()) ? null : ours);
      changed(Optional.of(object), Optional.empty());
    }

    private void changed(Optional<T> before, Optional<T> now) {
      error = "";
      onChange.accept(new Change<>(before, now));
    }
  }

  private record Source<T extends KubeObject>(KubeClient api, ResourceType<T> kind, String selector)
      implements ListerWatcher<T, ResourceList<T>> {
    /**
     * Always the latest, never "any version will do" as the informer proposes: a new leader must
     * not start from a state older than what the last one has written.
     */
    @Override
    public ResourceList<T> list(CallGeneratorParams params) throws ApiException {
      return api.listForCache(kind, selector);
    }

    @Override
    public Watchable<T> watch(CallGeneratorParams params) throws ApiException {
      return api.watch(kind, selector, params.resourceVersion, params.timeoutSeconds);
    }
  }
}
