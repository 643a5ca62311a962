package io.vdi.operator.controller.usage;

import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.kube.MergePatch;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.Lease;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiUsage;
import io.vdi.operator.common.model.WatchedNamespaces;
import io.vdi.operator.controller.session.cache.ControllerCaches;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * The intervals in the operator's namespace, where users cannot write. Watches only those without
 * an end, so that its memory does not grow with the history.
 */
final class ClusterUsageStore implements UsageStore, AutoCloseable {
  /** The Lease whose {@code renewTime} is the heartbeat. It elects nobody. */
  private static final String HEARTBEAT = "vdi-usage";

  private static final DateTimeFormatter MICRO_TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'");

  private final KubeClient api;
  private final ControllerCaches caches;
  private final String namespace;
  private final ResourceCache<VdiUsage> cache;

  /** The names of open intervals by the UID of their session. */
  private final Map<String, Set<String>> bySession = new ConcurrentHashMap<>();

  private String heartbeatVersion = "";

  /**
   * @param namespace of the operator
   */
  ClusterUsageStore(
      KubeClient api, ControllerCaches caches, String namespace, InstantSource clock) {
    this.api = api;
    this.caches = caches;
    this.namespace = namespace;
    this.cache =
        new ResourceCache<>(
            api,
            WatchedNamespaces.of(List.of(namespace)),
            ResourceType.USAGE,
            Labels.USAGE + "=" + VdiUsage.OPEN,
            clock,
            change -> change.now().ifPresentOrElse(this::index, () -> drop(change.object())));
  }

  ResourceCache<VdiUsage> cache() {
    return cache;
  }

  private void index(VdiUsage usage) {
    bySession
        .computeIfAbsent(usage.spec().session().uid(), any -> ConcurrentHashMap.newKeySet())
        .add(usage.name());
  }

  /** A name that is added again at the same time may be lost; then {@link #open()} has it. */
  private void drop(VdiUsage usage) {
    bySession.computeIfPresent(
        usage.spec().session().uid(),
        (session, names) -> {
          names.remove(usage.name());
          return names.isEmpty() ? null : names;
        });
  }

  @Override
  public boolean isKnown() {
    return List.of(cache, caches.sessions(), caches.pods()).stream()
        .allMatch(part -> part.isSynced() && part.error().isEmpty());
  }

  @Override
  public List<VdiUsage> open() {
    return cache.list().stream().filter(VdiUsage::isOpen).toList();
  }

  @Override
  public List<VdiUsage> openOf(String session) {
    return bySession.getOrDefault(session, Set.of()).stream()
        .flatMap(name -> open(name).stream())
        .toList();
  }

  @Override
  public Optional<VdiUsage> open(String name) {
    return cache.get(namespace, name).filter(VdiUsage::isOpen);
  }

  @Override
  public boolean hasSession(VdiUsage.Session session) {
    return caches
        .sessions()
        .get(session.namespace(), session.name())
        .filter(existing -> existing.uid().equals(session.uid()))
        .isPresent();
  }

  @Override
  public Optional<Pod> pod(SessionKey session) {
    return caches.pods().get(session.namespace(), ChildKind.POD.nameFor(session.name()));
  }

  @Override
  public ApiResult<Pod> livePod(SessionKey session) {
    return api.get(ResourceType.POD, session.namespace(), ChildKind.POD.nameFor(session.name()));
  }

  @Override
  public ApiResult<VdiUsage> read(String name) {
    ApiResult<VdiUsage> live = api.get(ResourceType.USAGE, namespace, name);
    live.ok().ifPresent(this::show);
    return live;
  }

  @Override
  public ApiResult<VdiUsage> create(String name, VdiUsage.Spec interval) {
    JsonObject labels = new JsonObject();
    labels.addProperty(Labels.USAGE, VdiUsage.label(interval.endedAt()));
    labels.addProperty(Labels.USER, Labels.valueOf(interval.user()));
    JsonObject metadata = new JsonObject();
    metadata.addProperty("name", name);
    metadata.addProperty("namespace", namespace);
    metadata.add("labels", labels);
    JsonObject spec = KubeGson.gson().toJsonTree(interval).getAsJsonObject();
    if (interval.gpu().count() == 0) {
      spec.remove("gpu");
    }
    JsonObject object = new JsonObject();
    object.addProperty("apiVersion", ResourceType.USAGE.apiVersion());
    object.addProperty("kind", ResourceType.USAGE.kind());
    object.add("metadata", metadata);
    object.add("spec", spec);
    ApiResult<VdiUsage> created = api.create(ResourceType.USAGE, namespace, object);
    created.ok().ifPresent(this::show);
    return created;
  }

  @Override
  public ApiResult<VdiUsage> end(VdiUsage interval, Optional<Ending> ending) {
    JsonObject labels = new JsonObject();
    labels.addProperty(Labels.USAGE, VdiUsage.label(ending.map(Ending::at)));
    MergePatch patch = MergePatch.forVersion(interval.metadata()).set("metadata.labels", labels);
    ending.ifPresentOrElse(
        end -> patch.set("spec.end", end.at().toString()).set("spec.reason", end.why().text()),
        () -> patch.set("spec.end", JsonNull.INSTANCE).set("spec.reason", JsonNull.INSTANCE));
    ApiResult<VdiUsage> result =
        api.mergePatch(ResourceType.USAGE, namespace, interval.name(), patch.toJson());
    result.ok().ifPresent(this::show);
    if (result.isNotFound()) {
      hide(interval);
    }
    return result;
  }

  /** The watch reports what we wrote later, and an interval that has ended as deleted. */
  private void show(VdiUsage usage) {
    if (usage.isOpen()) {
      cache.created(usage);
      index(usage);
    } else {
      hide(usage);
    }
  }

  private void hide(VdiUsage usage) {
    cache.deleted(namespace, usage.name(), usage.uid());
    drop(usage);
  }

  @Override
  public synchronized ApiResult<Optional<Instant>> readHeartbeat() {
    ApiResult<Lease> read = api.get(ResourceType.LEASE, namespace, HEARTBEAT);
    if (read.isNotFound()) {
      heartbeatVersion = "";
      return new ApiResult.Ok<>(Optional.empty());
    }
    return read.map(lease -> {
      heartbeatVersion = lease.metadata().resourceVersion();
      return time(lease.spec().renewTime());
    });
  }

  private static Optional<Instant> time(String text) {
    try {
      return Optional.ofNullable(text).map(Instant::parse);
    } catch (DateTimeParseException e) {
      // Changed by hand.
      return Optional.empty();
    }
  }

  @Override
  public synchronized ApiResult<Instant> writeHeartbeat(Instant until) {
    ApiResult<Lease> written =
        heartbeatVersion.isEmpty()
            ? api.create(ResourceType.LEASE, namespace, lease(until))
            : api.replace(ResourceType.LEASE, namespace, HEARTBEAT, lease(until));
    written.ok().ifPresent(lease -> heartbeatVersion = lease.metadata().resourceVersion());
    if (written.isConflict() || written.isAlreadyExists() || written.isNotFound()) {
      // Another leader or a person has changed it: the next write replaces that.
      return readHeartbeat().map(before -> until);
    }
    return written.map(lease -> until);
  }

  private JsonObject lease(Instant until) {
    JsonObject metadata = new JsonObject();
    metadata.addProperty("name", HEARTBEAT);
    if (!heartbeatVersion.isEmpty()) {
      metadata.addProperty("resourceVersion", heartbeatVersion);
    }
    JsonObject spec = new JsonObject();
    spec.addProperty("renewTime", MICRO_TIME.format(until.atOffset(ZoneOffset.UTC)));
    JsonObject object = new JsonObject();
    object.addProperty("apiVersion", ResourceType.LEASE.apiVersion());
    object.addProperty("kind", ResourceType.LEASE.kind());
    object.add("metadata", metadata);
    object.add("spec", spec);
    return object;
  }

  /** Reads the intervals with these labels. */
  ApiResult<Integer> forEach(String selector, Consumer<VdiUsage> visitor) {
    return api.forEach(ResourceType.USAGE, namespace, selector, visitor);
  }

  /**
   * Deletes intervals that ended before this time.
   *
   * @param limit how many are deleted at most
   * @return how many were deleted
   */
  ApiResult<Integer> deleteEndedBefore(Instant time, Instant now, int limit) {
    List<VdiUsage> due = new ArrayList<>();
    ApiResult<Integer> listed =
        api.forEach(
            ResourceType.USAGE,
            namespace,
            VdiUsage.selectorUntil(time, now),
            usage -> {
              if (due.size() < limit
                  && usage.spec().endedAt().filter(end -> end.isBefore(time)).isPresent()) {
                due.add(usage);
              }
            });
    if (listed.failure().isPresent()) {
      return listed;
    }
    for (VdiUsage usage : due) {
      ApiResult<VdiUsage> deleted =
          api.delete(ResourceType.USAGE, namespace, usage.name(), usage.uid());
      if (deleted.failure().isPresent() && !deleted.isNotFound() && !deleted.isConflict()) {
        return deleted.map(any -> 0);
      }
    }
    return new ApiResult.Ok<>(due.size());
  }

  @Override
  public void close() {
    cache.close();
  }
}
