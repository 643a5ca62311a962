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
import io.vdi.operator.common.thread.FatalErrorHandler;
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
 * All objects of one kind, kept up to date by a watch, and our own writes before the watch reports
 * them. A watch lags behind: a decision right after a write would be based on the state before it,
 * for example a pod would be created twice. So {@link #get} returns what the API server returned
 * for our write until the watch has reported that version or a later one.
 */
public final class ResourceCache<T extends KubeObject> implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ResourceCache.class);

  /** A write that the watch has not reported after this time is forgotten: the watch is right. */
  private static final Duration MEMORY = Duration.ofSeconds(30);

  /**
   * A change that the watch reports.
   *
   * @param before empty for a new object
   * @param now empty for a deleted object
   */
  public record Change<T>(Optional<T> before, Optional<T> now) {
    /** The object after the change, or before it when it is deleted. */
    public T object() {
      return now.or(() -> before).orElseThrow();
    }

    /** Whether this part of the object was added, removed or changed. */
    public boolean concerns(Function<T, ?> part) {
      return !before.map(part).equals(now.map(part));
    }
  }

  /** A write of ours; {@code object} is empty for a deletion. */
  private record Written<T>(Optional<T> object, String uid, Instant at) {}

  private final ResourceType<T> resourceType;
  private final InstantSource clock;
  private final Cache<T> cache = new Cache<>();
  private final Map<String, Written<T>> written = new ConcurrentHashMap<>();
  private final SharedIndexInformer<T> informer;
  private final FatalErrorHandler onFatalError;
  private volatile String error = "";

  /**
   * A cache that is empty until {@link #start}.
   *
   * @param selector label selector; empty for all objects
   * @param onChange called for each change on the thread of the watch: it must return quickly
   */
  public ResourceCache(
      KubeClient api,
      ResourceType<T> kind,
      String selector,
      InstantSource clock,
      Consumer<Change<T>> onChange) {
    this(api, kind, selector, clock, onChange, FatalErrorHandler.END_PROCESS);
  }

  /**
   * @param onFatalError called when the informer or {@code onChange} throws an {@link Error}: the
   *     client library would only log it, and the change would be lost
   */
  ResourceCache(
      KubeClient api,
      ResourceType<T> kind,
      String selector,
      InstantSource clock,
      Consumer<Change<T>> onChange,
      FatalErrorHandler onFatalError) {
    this.onFatalError = onFatalError;
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

  /** Whether the first list is complete. */
  public boolean isSynced() {
    return informer.hasSynced();
  }

  /** Why the cache is not synced; empty when it is, or when no error occurred yet. */
  public String error() {
    return isSynced() ? "" : error;
  }

  public ResourceType<T> resourceType() {
    return resourceType;
  }

  /** The object as the watch reported it, or as our last write left it if that is newer. */
  public Optional<T> get(String namespace, String name) {
    String key = key(namespace, name);
    Optional<T> observed = Optional.ofNullable(cache.getByKey(key));
    Written<T> ours = written.get(key);
    if (ours == null) {
      return observed;
    }
    if (ours.at().plus(MEMORY).isBefore(clock.instant()) || isConfirmed(ours, observed)) {
      written.remove(key, ours);
      return observed;
    }
    return ours.object();
  }

  private static <T extends KubeObject> boolean isConfirmed(Written<T> ours, Optional<T> observed) {
    return ours.object()
        .map(mine -> observed.filter(o -> o.metadata().isAtLeast(mine.metadata())).isPresent())
        .orElseGet(() -> observed.filter(o -> o.uid().equals(ours.uid())).isEmpty());
  }

  /** All objects that the watch has reported, without newer writes of our own. */
  public List<T> list() {
    return cache.list();
  }

  /** Remembers an object that we created, as the API server returned it. */
  public void created(T object) {
    written.put(key(object.namespace(), object.name()), memory(object));
  }

  /**
   * Remembers our change of an object, as the API server returned it. Ignored when the object is
   * unknown: the watch may report its deletion before our call returns.
   */
  public void changed(T object) {
    String key = key(object.namespace(), object.name());
    written.compute(
        key,
        (k, ours) -> {
          boolean remembered = ours != null && ours.uid().equals(object.uid());
          T observed = cache.getByKey(key);
          boolean known = observed != null && observed.uid().equals(object.uid());
          return remembered || known ? memory(object) : ours;
        });
  }

  private Written<T> memory(T object) {
    return new Written<>(Optional.of(object), object.uid(), clock.instant());
  }

  /** Remembers that we deleted the object with this UID. */
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
    if (e instanceof Error) {
      onFatalError.failed(threadName(), e);
    }
    String message =
        e instanceof ApiException api
            ? (api.getCode() > 0 ? api.getCode() + " " : "") + firstLine(api.getMessage())
            : String.valueOf(e.getMessage());
    if (!message.equals(error)) {
      error = message;
      LOG.warn("watching {}: {}; trying again", resourceType.qualifiedName(), message);
    }
  }

  private String threadName() {
    return "watch of " + resourceType.qualifiedName();
  }

  /** The messages of the client's exceptions contain the whole answer in further lines. */
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
      // A write of ours to this object is outdated now.
      written.computeIfPresent(
          key(object.namespace(), object.name()),
          (k, ours) -> ours.uid().equals(object.uid()) ? null : ours);
      changed(Optional.of(object), Optional.empty());
    }

    private void changed(Optional<T> before, Optional<T> now) {
      error = "";
      try {
        onChange.accept(new Change<>(before, now));
      } catch (Error e) {
        onFatalError.failed(threadName(), e);
      }
    }
  }

  private record Source<T extends KubeObject>(KubeClient api, ResourceType<T> kind, String selector)
      implements ListerWatcher<T, ResourceList<T>> {
    /**
     * Requests the latest version. The informer proposes resourceVersion=0, which allows an older
     * state from the API server's cache: a new leader must not start from a state that is older
     * than the last writes of the former leader.
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
