package io.vdi.operator.common.kube;

import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.WatchedNamespaces;
import io.vdi.operator.common.thread.FatalErrorHandler;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * All objects of one kind, kept up to date by a watch, and our own writes before the watch reports
 * them. A watch lags behind: a decision right after a write would be based on the state before it,
 * for example a pod would be created twice. So {@link #get} and {@link #list} show what the API
 * server returned for our writes until the watch has reported that version or a later one.
 *
 * <p>{@link #refresh} raises the whole cache to the state of a live list in the same way: a new
 * leader must not start from a watch that lags behind the writes of the former leader.
 *
 * <p>No time limit brings an older state back while the watch lags, however long that takes. What
 * the watch never confirms, such as an object that was created and deleted between two lists, is
 * forgotten 30 s after the watch has delivered a later version: from then on the watch is right.
 * This relies on resource versions of one kind being ordered numbers; see {@link
 * io.vdi.operator.common.model.ObjectMeta#isAtLeast}.
 *
 * <p>While the API server does not serve a kind whose CRD belongs to another project, its cache is
 * empty: the objects were deleted with the CRD.
 *
 * <p>With {@link WatchedNamespaces} other than all there is one list and one watch per namespace,
 * and the cache shows the objects of all of them.
 */
public final class ResourceCache<T extends KubeObject> implements AutoCloseable {
  /**
   * After this time without a successful list or watch, {@link #error} reports the failure. A
   * restart of the API server takes less.
   */
  static final Duration FAILING = Duration.ofMinutes(2);

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

  private final ResourceType<T> resourceType;

  /** By namespace; with the only key {@code ""} for all namespaces. */
  private final Map<String, NamespaceCache<T>> parts = new LinkedHashMap<>();

  /**
   * A cache of all namespaces that is empty until {@link #start}.
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
    this(api, WatchedNamespaces.ALL, kind, selector, clock, onChange);
  }

  /** The same for these namespaces; with several, {@code onChange} is called on several threads. */
  public ResourceCache(
      KubeClient api,
      WatchedNamespaces namespaces,
      ResourceType<T> kind,
      String selector,
      InstantSource clock,
      Consumer<Change<T>> onChange) {
    this(api, namespaces, kind, selector, clock, onChange, FatalErrorHandler.END_PROCESS);
  }

  /**
   * @param onFatalError called when an informer or {@code onChange} throws an {@link Error}: the
   *     client library would only log it, and the change would be lost
   */
  ResourceCache(
      KubeClient api,
      WatchedNamespaces namespaces,
      ResourceType<T> kind,
      String selector,
      InstantSource clock,
      Consumer<Change<T>> onChange,
      FatalErrorHandler onFatalError) {
    this.resourceType = kind;
    for (String namespace : namespaces.scopesOf(kind)) {
      parts.put(
          namespace,
          new NamespaceCache<>(api, namespace, kind, selector, clock, onChange, onFatalError));
    }
  }

  private Optional<NamespaceCache<T>> part(String namespace) {
    return Optional.ofNullable(parts.get("")).or(() -> Optional.ofNullable(parts.get(namespace)));
  }

  public void start() {
    parts.values().forEach(NamespaceCache::start);
  }

  /** Whether the first list is complete and {@code onChange} was called for all of its objects. */
  public boolean isSynced() {
    return parts.values().stream().allMatch(NamespaceCache::isSynced);
  }

  /**
   * Why the cache is not usable; empty while it is. Before the first list is complete, it is the
   * last error. Afterwards a failing watch is reported when neither a list nor a watch has
   * succeeded for 2 minutes: the cache then shows an old state. It becomes empty by itself after a
   * success.
   */
  public String error() {
    return parts.entrySet().stream()
        .filter(part -> !part.getValue().error().isEmpty())
        .findFirst()
        .map(part ->
            (part.getKey().isEmpty() ? "" : "in namespace " + part.getKey() + " ")
                + part.getValue().error())
        .orElse("");
  }

  /**
   * The version of the latest list with which a watch began; 0 before the first. It changes before
   * the first object of a new list is reported. These are reported in any order, and an object that
   * was created and deleted between two lists is never reported.
   */
  public long listedVersion() {
    return parts.values().stream().mapToLong(NamespaceCache::listedVersion).max().orElse(0);
  }

  public ResourceType<T> resourceType() {
    return resourceType;
  }

  /** The object as the watch reported it, or as a write of ours or a live list if that is newer. */
  public Optional<T> get(String namespace, String name) {
    return part(namespace).flatMap(part -> part.get(namespace, name));
  }

  /** All objects; each one as {@link #get} returns it. */
  public List<T> list() {
    return parts.size() == 1
        ? parts.values().iterator().next().list()
        : parts.values().stream().flatMap(part -> part.list().stream()).toList();
  }

  /**
   * Lists the objects live. Afterwards {@link #get} and {@link #list} show at least that state:
   * objects that the cache does not have, or has in an older version, are shown as listed, and
   * objects that have been deleted are hidden, also those whose creation the watch reports later.
   * That lasts until the watch has caught up.
   *
   * @return the number of objects; after a failure the cache of that namespace is as before
   */
  public ApiResult<Integer> refresh() {
    ApiResult<Integer> total = new ApiResult.Ok<>(0);
    for (NamespaceCache<T> part : parts.values()) {
      total = total.flatMap(before -> part.refresh().map(more -> before + more));
    }
    return total;
  }

  /** Remembers an object that we created, as the API server returned it. */
  public void created(T object) {
    part(object.namespace()).ifPresent(part -> part.created(object));
  }

  /**
   * Remembers our change of an object, as the API server returned it. Ignored when the object is
   * unknown: the watch may report its deletion before our call returns.
   */
  public void changed(T object) {
    part(object.namespace()).ifPresent(part -> part.changed(object));
  }

  /** Remembers that we deleted the object with this UID. */
  public void deleted(String namespace, String name, String uid) {
    part(namespace).ifPresent(part -> part.deleted(namespace, name, uid));
  }

  @Override
  public void close() {
    parts.values().forEach(NamespaceCache::close);
  }
}
