package io.vdi.operator.common.kube;

import io.kubernetes.client.informer.ListerWatcher;
import io.kubernetes.client.informer.ResourceEventHandler;
import io.kubernetes.client.informer.SharedIndexInformer;
import io.kubernetes.client.informer.cache.Cache;
import io.kubernetes.client.informer.impl.DefaultSharedIndexInformer;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.models.V1ListMeta;
import io.kubernetes.client.util.CallGeneratorParams;
import io.kubernetes.client.util.Watch;
import io.kubernetes.client.util.Watchable;
import io.vdi.operator.common.kube.ResourceCache.Change;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.thread.FatalErrorHandler;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The part of a {@link ResourceCache} that one list and watch fills: the objects of one namespace,
 * or of all.
 */
final class NamespaceCache<T extends KubeObject> implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ResourceCache.class);

  /**
   * The time between the arrival of an event and its effect in the cache is far shorter. It is only
   * this long to be safe when the process has no CPU.
   */
  private static final Duration GRACE = Duration.ofSeconds(30);

  /**
   * A state that is newer than what the watch had reported: a write of ours, or an object of a live
   * list.
   *
   * @param object empty for a deletion
   * @param version of the object; of a deletion a version that is newer than all that were known
   * @param passedAt when it was noticed that the watch has delivered this version or a later one
   */
  private record Remembered<T extends KubeObject>(
      Optional<T> object, String uid, long version, Optional<Instant> passedAt) {
    boolean isConfirmed(Optional<T> observed) {
      return object
          .map(mine -> observed.filter(o -> o.metadata().isAtLeast(mine.metadata())).isPresent())
          // Without an observed object the watch may be about to report the creation.
          .orElseGet(() ->
              observed.filter(o -> !o.uid().equals(uid) && versionOf(o) >= version).isPresent());
    }

    Remembered<T> passed(Instant now) {
      return new Remembered<>(object, uid, version, Optional.of(now));
    }
  }

  /**
   * The objects of a live list. An object that the watch reports with a version up to that of the
   * list, and which is not in the list, has been deleted: the watch lags.
   */
  private record LiveState(long version, Set<String> uids, Optional<Instant> passedAt) {
    boolean hides(KubeObject object) {
      return !uids.contains(object.uid()) && versionOf(object) <= version;
    }

    LiveState passed(Instant now) {
      return new LiveState(version, uids, Optional.of(now));
    }
  }

  private record Failure(Instant since, String message) {}

  private final KubeClient api;
  private final String namespace;
  private final ResourceType<T> resourceType;
  private final String selector;
  private final InstantSource clock;
  private final FatalErrorHandler onFatalError;
  private final Cache<T> cache = new Cache<>();
  private final Map<String, Remembered<T>> remembered = new ConcurrentHashMap<>();
  private final AtomicReference<Optional<LiveState>> live = new AtomicReference<>(Optional.empty());
  private final Set<String> deletedDuringRefresh = ConcurrentHashMap.newKeySet();

  /** The newest version that the watch has delivered. */
  private final AtomicLong watchedVersion = new AtomicLong();

  /** The version of the latest list of the informer. */
  private final AtomicLong listedVersion = new AtomicLong();

  /** The newest version that is known from the watch, a list or a write. */
  private final AtomicLong knownVersion = new AtomicLong();

  /** How many objects the first list has; negative before it. */
  private final AtomicInteger firstListed = new AtomicInteger(-1);

  /** How many changes {@code onChange} has received. */
  private final AtomicInteger delivered = new AtomicInteger();

  private final AtomicReference<Optional<Failure>> failure =
      new AtomicReference<>(Optional.empty());
  private final SharedIndexInformer<T> informer;
  private volatile boolean refreshing;
  private volatile String loggedFailure = "";

  /** Whether the API server answered the latest list with 404: the CRD of the kind is absent. */
  private volatile boolean absent;

  private volatile boolean closed;

  /**
   * @param namespace empty for all
   */
  NamespaceCache(
      KubeClient api,
      String namespace,
      ResourceType<T> kind,
      String selector,
      InstantSource clock,
      Consumer<Change<T>> onChange,
      FatalErrorHandler onFatalError) {
    this.namespace = namespace;
    this.api = api;
    this.resourceType = kind;
    this.selector = selector;
    this.clock = clock;
    this.onFatalError = onFatalError;
    this.informer =
        new DefaultSharedIndexInformer<>(
            kind.objectClass(), new Source(), 0, cache, (type, e) -> failed(e));
    informer.addEventHandler(new Handler(onChange));
  }

  void start() {
    informer.run();
  }

  /** See {@link ResourceCache#listedVersion}. */
  long listedVersion() {
    return listedVersion.get();
  }

  /**
   * Whether the first list is complete and {@code onChange} has received all of it. The informer
   * reports that it has synced before it stores the last object, and it calls its handlers on
   * another thread: an index that {@code onChange} fills could lack objects by then.
   */
  boolean isSynced() {
    int listed = firstListed.get();
    return informer.hasSynced() && listed >= 0 && delivered.get() >= listed;
  }

  /**
   * Why the cache is not usable; empty while it is. Before the first list is complete, it is the
   * last error. Afterwards a failing watch is reported when neither a list nor a watch has
   * succeeded for 2 minutes: the cache then shows an old state. It becomes empty by itself after a
   * success.
   */
  String error() {
    Optional<Failure> current = failure.get();
    return isSynced()
        ? current
            .filter(
                failing -> !failing.since().plus(ResourceCache.FAILING).isAfter(clock.instant()))
            .map(failing ->
                "failing since "
                    + failing.since().truncatedTo(ChronoUnit.SECONDS)
                    + ": "
                    + failing.message())
            .orElse("")
        : current.map(Failure::message).orElse("");
  }

  /** The object as the watch reported it, or as a write of ours or a live list if that is newer. */
  Optional<T> get(String namespace, String name) {
    String key = key(namespace, name);
    Optional<T> observed = observed(key);
    Remembered<T> newer = remembered.get(key);
    return newer == null
        ? observed
        : stillNewer(key, newer, observed).map(Remembered::object).orElse(observed);
  }

  /** All objects; each one as {@link #get} returns it. */
  List<T> list() {
    // First what is newer, then the cache: what was confirmed in between is in the cache.
    Map<String, Remembered<T>> newer = new HashMap<>();
    remembered.forEach((key, entry) ->
        stillNewer(key, entry, observed(key)).ifPresent(still -> newer.put(key, still)));
    Optional<LiveState> liveState = liveState();
    List<T> observed = cache.list();
    if (newer.isEmpty() && liveState.isEmpty()) {
      return observed;
    }
    Set<String> names = HashSet.newHashSet(newer.size());
    newer.keySet().forEach(key -> names.add(key.substring(key.indexOf('/') + 1)));
    List<T> all = new ArrayList<>(observed.size() + newer.size());
    for (T object : observed) {
      if (liveState.filter(state -> state.hides(object)).isPresent()) {
        continue;
      }
      // Most objects need no key to be built.
      Remembered<T> entry = names.contains(object.name()) ? newer.remove(key(object)) : null;
      if (entry == null || entry.isConfirmed(Optional.of(object))) {
        all.add(object);
      } else {
        entry.object().ifPresent(all::add);
      }
    }
    newer.values().forEach(entry -> entry.object().ifPresent(all::add));
    return all;
  }

  private Optional<T> observed(String key) {
    return Optional.ofNullable(cache.getByKey(key))
        .filter(object -> liveState().filter(state -> state.hides(object)).isEmpty());
  }

  /** The entry while it is newer than the watch; otherwise it is forgotten. */
  private Optional<Remembered<T>> stillNewer(
      String key, Remembered<T> entry, Optional<T> observed) {
    if (entry.isConfirmed(observed) || isOver(entry.passedAt())) {
      remembered.remove(key, entry);
      return Optional.empty();
    }
    if (entry.passedAt().isEmpty() && watchedVersion.get() >= entry.version()) {
      remembered.replace(key, entry, entry.passed(clock.instant()));
    }
    return Optional.of(entry);
  }

  private Optional<LiveState> liveState() {
    Optional<LiveState> current = live.get();
    if (current.isEmpty()) {
      return current;
    }
    LiveState state = current.get();
    if (isOver(state.passedAt())) {
      live.compareAndSet(current, Optional.empty());
      return Optional.empty();
    }
    if (state.passedAt().isEmpty() && watchedVersion.get() >= state.version()) {
      live.compareAndSet(current, Optional.of(state.passed(clock.instant())));
    }
    return current;
  }

  private boolean isOver(Optional<Instant> passedAt) {
    return passedAt.filter(at -> at.plus(GRACE).isBefore(clock.instant())).isPresent();
  }

  /**
   * Lists the objects live. Afterwards {@link #get} and {@link #list} show at least that state:
   * objects that the cache does not have, or has in an older version, are shown as listed, and
   * objects that have been deleted are hidden, also those whose creation the watch reports later.
   * That lasts until the watch has caught up.
   *
   * @return the number of objects; after a failure the cache is as before
   */
  synchronized ApiResult<Integer> refresh() {
    refreshing = true;
    try {
      return api.listByPages(resourceType, namespace, selector)
          .map(list -> {
            long version = parse(list.metadata().getResourceVersion());
            known(version);
            Set<String> uids = HashSet.newHashSet(list.items().size());
            list.items().forEach(object -> uids.add(object.uid()));
            live.set(Optional.of(new LiveState(version, uids, Optional.empty())));
            // Our own writes to objects that were deleted afterwards.
            remembered
                .values()
                .removeIf(entry ->
                    entry.object().isPresent()
                        && entry.version() <= version
                        && !uids.contains(entry.uid()));
            list.items().forEach(this::rememberListed);
            return list.items().size();
          });
    } finally {
      refreshing = false;
      deletedDuringRefresh.clear();
    }
  }

  private void rememberListed(T listed) {
    String key = key(listed);
    remembered.compute(
        key,
        (k, entry) -> {
          T observed = cache.getByKey(key);
          boolean isKnown =
              (observed != null && observed.metadata().isAtLeast(listed.metadata()))
                  || (entry != null && entry.version() >= versionOf(listed))
                  || deletedDuringRefresh.contains(listed.uid());
          return isKnown ? entry : memory(listed);
        });
  }

  /** Remembers an object that we created, as the API server returned it. */
  void created(T object) {
    known(versionOf(object));
    remembered.put(key(object), memory(object));
  }

  /**
   * Remembers our change of an object, as the API server returned it. Ignored when the object is
   * unknown: the watch may report its deletion before our call returns.
   */
  void changed(T object) {
    known(versionOf(object));
    String key = key(object);
    remembered.compute(
        key,
        (k, entry) -> {
          boolean isRemembered = entry != null && entry.uid().equals(object.uid());
          T observed = cache.getByKey(key);
          boolean isKnown = observed != null && observed.uid().equals(object.uid());
          return isRemembered || isKnown ? memory(object) : entry;
        });
  }

  /** Remembers that we deleted the object with this UID. */
  void deleted(String namespace, String name, String uid) {
    // The API server does not return the version of a deletion. It is newer than all known ones.
    remembered.put(
        key(namespace, name),
        new Remembered<>(Optional.empty(), uid, knownVersion.get() + 1, Optional.empty()));
  }

  private static <T extends KubeObject> Remembered<T> memory(T object) {
    return new Remembered<>(Optional.of(object), object.uid(), versionOf(object), Optional.empty());
  }

  private void known(long version) {
    knownVersion.accumulateAndGet(version, Math::max);
  }

  private void watched(long version) {
    known(version);
    watchedVersion.accumulateAndGet(version, Math::max);
  }

  private static long versionOf(KubeObject object) {
    return parse(object.metadata().resourceVersion());
  }

  /** 0 for a version that is not a number: then only {@link #GRACE} limits what is remembered. */
  private static long parse(String resourceVersion) {
    try {
      return Long.parseLong(String.valueOf(resourceVersion));
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  @Override
  public void close() {
    closed = true;
    informer.stop();
  }

  private static String key(KubeObject object) {
    return key(object.namespace(), object.name());
  }

  private static String key(String namespace, String name) {
    return namespace.isEmpty() ? name : namespace + "/" + name;
  }

  private void succeeded() {
    failure.set(Optional.empty());
  }

  private void failed(Throwable e) {
    if (e instanceof Error) {
      onFatalError.failed(threadName(), e);
    }
    String message =
        e instanceof ApiException rejected
            ? (rejected.getCode() > 0 ? rejected.getCode() + " " : "")
                + firstLine(rejected.getMessage())
            : String.valueOf(e.getMessage());
    failure.updateAndGet(last ->
        Optional.of(new Failure(last.map(Failure::since).orElseGet(clock::instant), message)));
    // Logged once while it stays the same. A stop ends calls in progress.
    if (!closed && !message.equals(loggedFailure)) {
      loggedFailure = message;
      LOG.warn(
          "watching {}{}: {}; trying again",
          resourceType.qualifiedName(),
          namespace.isEmpty() ? "" : " in " + namespace,
          message);
    }
  }

  private String threadName() {
    return "watch of " + resourceType.qualifiedName();
  }

  /** The messages of the client's exceptions contain the whole answer in further lines. */
  private static String firstLine(String message) {
    return String.valueOf(message).lines().findFirst().orElse("").replaceFirst("^Message: ", "");
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
      // What is remembered of this object is outdated now.
      remembered.compute(
          key(object),
          (k, entry) -> {
            if (refreshing) {
              deletedDuringRefresh.add(object.uid());
            }
            return entry != null && entry.uid().equals(object.uid()) ? null : entry;
          });
      changed(Optional.of(object), Optional.empty());
    }

    private void changed(Optional<T> before, Optional<T> now) {
      now.ifPresent(object ->
          remembered.computeIfPresent(
              key(object), (k, entry) -> entry.isConfirmed(now) ? null : entry));
      try {
        onChange.accept(new Change<>(before, now));
      } catch (Error e) {
        onFatalError.failed(threadName(), e);
      } finally {
        delivered.incrementAndGet();
      }
    }
  }

  private final class Source implements ListerWatcher<T, ResourceList<T>> {
    /**
     * Requests the latest version. The informer proposes resourceVersion=0, which allows an older
     * state from the API server's cache: a new leader must not start from a state that is older
     * than the last writes of the former leader.
     */
    @Override
    public ResourceList<T> list(CallGeneratorParams params) throws ApiException {
      try {
        ResourceList<T> list = listed();
        watched(parse(list.metadata().getResourceVersion()));
        listedVersion.set(parse(list.metadata().getResourceVersion()));
        firstListed.compareAndSet(-1, list.items().size());
        if (!absent) {
          succeeded();
        }
        return list;
      } catch (ApiException | RuntimeException e) {
        failed(e);
        throw e;
      }
    }

    /**
     * Empty while the CRD of another project is absent: its objects were deleted with it, and the
     * watch may have ended before it reported that. Only such kinds: sessions must not disappear
     * because one API server does not serve them for a moment.
     */
    private ResourceList<T> listed() throws ApiException {
      try {
        ResourceList<T> list = api.listForCache(resourceType, namespace, selector);
        absent = false;
        return list;
      } catch (ApiException e) {
        if (e.getCode() != 404 || !resourceType.isOfAnotherProject() || absent) {
          throw e;
        }
        failed(e);
        absent = true;
        remembered.clear();
        live.set(Optional.empty());
        return new ResourceList<>(
            new V1ListMeta().resourceVersion(String.valueOf(knownVersion.get())), List.of());
      }
    }

    @Override
    public Watchable<T> watch(CallGeneratorParams params) throws ApiException {
      try {
        Watchable<T> watch =
            api.watch(
                resourceType, namespace, selector, params.resourceVersion, params.timeoutSeconds);
        succeeded();
        return new Observed(watch);
      } catch (ApiException | RuntimeException e) {
        // The informer does not report a refused connection.
        failed(e);
        throw e;
      }
    }
  }

  /** A watch whose versions are noted. */
  private final class Observed implements Watchable<T> {
    private final Watchable<T> watch;

    Observed(Watchable<T> watch) {
      this.watch = watch;
    }

    @Override
    public boolean hasNext() {
      return watch.hasNext();
    }

    @Override
    public Watch.Response<T> next() {
      Watch.Response<T> event = watch.next();
      if (event.status != null) {
        // The informer's own message has a line for each field of the Status.
        throw new IllegalStateException(
            event.status.getCode()
                + " "
                + event.status.getReason()
                + ": "
                + event.status.getMessage());
      }
      if (event.object != null) {
        watched(versionOf(event.object));
        loggedFailure = "";
      }
      return event;
    }

    @Override
    public Iterator<Watch.Response<T>> iterator() {
      return this;
    }

    @Override
    public void close() throws IOException {
      watch.close();
    }
  }
}
