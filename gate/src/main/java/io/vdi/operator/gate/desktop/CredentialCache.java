package io.vdi.operator.gate.desktop;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.DesktopCredentials;
import io.vdi.operator.common.model.ResourceNames;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiTemplate;
import java.time.Duration;
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
  private final LongSupplier elapsedNanos;
  private final Map<String, Entry> entries = new ConcurrentHashMap<>();

  private record Entry(DesktopCredentials credentials, long since) {}

  /**
   * @param elapsedNanos as {@link System#nanoTime}
   */
  public CredentialCache(
      KubeClient api,
      Function<String, Optional<VdiTemplate>> templates,
      LongSupplier elapsedNanos) {
    this.api = api;
    this.templates = templates;
    this.elapsedNanos = elapsedNanos;
  }

  /** The credentials of a desktop; a failure if they cannot be read. */
  public ApiResult<DesktopCredentials> of(Desktop desktop) {
    long now = elapsedNanos.getAsLong();
    Entry known = entries.get(desktop.uid());
    if (known != null && now - known.since() < TTL.toNanos()) {
      return new ApiResult.Ok<>(known.credentials());
    }
    ApiResult<DesktopCredentials> read = read(desktop);
    read.ok()
        .ifPresent(credentials -> {
          if (entries.size() >= MAX_ENTRIES) {
            entries.clear();
          }
          entries.put(desktop.uid(), new Entry(credentials, now));
        });
    return read;
  }

  private ApiResult<DesktopCredentials> read(Desktop desktop) {
    String name = ResourceNames.secret(desktop.session().name());
    return api.request("GET", ResourceType.SECRET.path(desktop.session().namespace(), name), null)
        .flatMap(secret ->
            isOf(desktop, secret)
                ? DesktopCredentials.of(templates.apply(desktop.template()), secret)
                    .<ApiResult<DesktopCredentials>>map(ApiResult.Ok::new)
                    .orElse(new ApiResult.Unreachable<>("Secret " + name + " has no password"))
                : new ApiResult.Unreachable<>(
                    "Secret " + name + " does not belong to session " + desktop.session()));
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
