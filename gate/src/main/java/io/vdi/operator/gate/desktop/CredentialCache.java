package io.vdi.operator.gate.desktop;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.DesktopCredentials;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.PartialObjectMetadata;
import io.vdi.operator.common.model.ResourceNames;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.gate.api.GateMessage;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * The credentials of desktops, from the Secrets of their sessions. A page makes dozens of requests;
 * so a password is kept for {@link #TTL}, by the UID of the session.
 */
public final class CredentialCache {
  private static final Duration TTL = Duration.ofSeconds(10);

  /** Entries in memory, each about 200 bytes. */
  private static final int MAX_ENTRIES = 20_000;

  private final KubeClient api;
  private final Function<String, Optional<VdiTemplate>> templates;
  private final Function<Desktop, Optional<Instant>> started;
  private final LongSupplier elapsedNanos;
  private final Map<String, Entry> entries = new ConcurrentHashMap<>();

  /**
   * @param viewer those of guests who only watch; empty if there are none of their own
   * @param viewerSince since when the Secret has them
   */
  private record Entry(
      DesktopCredentials credentials,
      Optional<DesktopCredentials> viewer,
      Instant viewerSince,
      long since) {}

  /**
   * @param started when the pod of a desktop was created; empty if there is none
   * @param elapsedNanos as {@link System#nanoTime}
   */
  public CredentialCache(
      KubeClient api,
      Function<String, Optional<VdiTemplate>> templates,
      Function<Desktop, Optional<Instant>> started,
      LongSupplier elapsedNanos) {
    this.api = api;
    this.templates = templates;
    this.started = started;
    this.elapsedNanos = elapsedNanos;
  }

  /** The credentials of the owner of a desktop; a failure if they cannot be read. */
  public ApiResult<DesktopCredentials> of(Desktop desktop) {
    return entry(desktop).map(Entry::credentials);
  }

  /**
   * The credentials that a role gets. Those who only watch never get the owner's.
   *
   * @return a failure if there are none, or if the desktop does not know them; its message says why
   */
  public ApiResult<DesktopCredentials> of(Desktop desktop, Role role) {
    return role.onlyWatches()
        ? entry(desktop).flatMap(entry -> viewer(desktop, entry))
        : of(desktop);
  }

  private ApiResult<DesktopCredentials> viewer(Desktop desktop, Entry entry) {
    if (!desktop.canShare()) {
      return new ApiResult.Unreachable<>(GateMessage.WATCH_FLAVOR.text());
    }
    if (entry.viewer().isEmpty()) {
      return new ApiResult.Unreachable<>(
          GateMessage.WATCH_PASSWORD.text(ResourceNames.secret(desktop.session().name())));
    }
    // The desktop has read its passwords when it started.
    return started
        .apply(desktop)
        .filter(time -> !time.isBefore(entry.viewerSince()))
        .<ApiResult<DesktopCredentials>>map(time -> new ApiResult.Ok<>(entry.viewer().get()))
        .orElseGet(() -> new ApiResult.Unreachable<>(GateMessage.WATCH_RESTART.text()));
  }

  private ApiResult<Entry> entry(Desktop desktop) {
    long now = elapsedNanos.getAsLong();
    Entry known = entries.get(desktop.uid());
    if (known != null && now - known.since() < TTL.toNanos()) {
      return new ApiResult.Ok<>(known);
    }
    ApiResult<Entry> read = read(desktop, now);
    read.ok()
        .ifPresent(entry -> {
          if (entries.size() >= MAX_ENTRIES) {
            entries.clear();
          }
          entries.put(desktop.uid(), entry);
        });
    return read;
  }

  private ApiResult<Entry> read(Desktop desktop, long now) {
    String name = ResourceNames.secret(desktop.session().name());
    return api.request("GET", ResourceType.SECRET.path(desktop.session().namespace(), name), null)
        .flatMap(secret ->
            isOf(desktop, secret)
                ? DesktopCredentials.of(templates.apply(desktop.template()), secret)
                    .<ApiResult<Entry>>map(
                        owner -> new ApiResult.Ok<>(entry(desktop, secret, owner, now)))
                    .orElse(new ApiResult.Unreachable<>("Secret " + name + " has no password"))
                : new ApiResult.Unreachable<>(
                    "Secret " + name + " does not belong to session " + desktop.session()));
  }

  private Entry entry(Desktop desktop, JsonObject secret, DesktopCredentials owner, long now) {
    ObjectMeta metadata = KubeGson.gson().fromJson(secret, PartialObjectMetadata.class).metadata();
    Optional<Instant> since = metadata.time(Annotations.VIEWER_PASSWORD_SINCE);
    return new Entry(
        owner,
        since.flatMap(
            time -> DesktopCredentials.ofViewer(templates.apply(desktop.template()), secret)),
        since.orElse(Instant.MAX),
        now);
  }

  /** A Secret that somebody else has made must not become a password. */
  private static boolean isOf(Desktop desktop, JsonObject secret) {
    return secret.get("metadata") instanceof JsonObject metadata
        && metadata.has("ownerReferences")
        && metadata.getAsJsonArray("ownerReferences").asList().stream()
            .map(owner -> owner.getAsJsonObject().get("uid").getAsString())
            .anyMatch(desktop.uid()::equals);
  }
}
