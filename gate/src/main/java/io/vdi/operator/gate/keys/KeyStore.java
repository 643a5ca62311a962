package io.vdi.operator.gate.keys;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.ResourceType;
import java.time.InstantSource;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The key ring in a Secret that all replicas share. Any replica creates it or takes the next step
 * when that is due. If two do so concurrently, the API server accepts one write (name or
 * resourceVersion), and the other replica reads the result.
 */
public final class KeyStore {
  private static final Logger LOG = LoggerFactory.getLogger(KeyStore.class);

  private final KubeClient api;
  private final String namespace;
  private final String secret;
  private final KeyRing.Settings settings;
  private final InstantSource clock;
  private volatile Optional<KeyRing> ring = Optional.empty();
  private volatile String error = "the keys are not read yet";

  /** Why the last refresh failed. The former keys stay in use. */
  private volatile String lastFailure = "";

  public KeyStore(
      KubeClient api,
      String namespace,
      String secret,
      KeyRing.Settings settings,
      InstantSource clock) {
    this.api = api;
    this.namespace = namespace;
    this.secret = secret;
    this.settings = settings;
    this.clock = clock;
  }

  /** The keys that were read last; empty before the first success. */
  public Optional<KeyRing> current() {
    return ring;
  }

  /** Why there are no keys; empty when there are. */
  public Optional<String> error() {
    return ring.isPresent() ? Optional.empty() : Optional.of(error);
  }

  /** Why the Secret could not be read or written last; empty after a success. */
  public Optional<String> lastFailure() {
    return Optional.of(lastFailure).filter(failure -> !failure.isEmpty());
  }

  /** Reads the Secret, and writes it when it does not exist or a step is due. */
  public void refresh() {
    ApiResult<JsonObject> found =
        api.request("GET", ResourceType.SECRET.path(namespace, secret), null);
    if (found.isNotFound()) {
      write(KeyRing.first(KeyGeneration::random, clock.instant()), Optional.empty());
      return;
    }
    if (!(found instanceof ApiResult.Ok<JsonObject>(JsonObject object))) {
      report("Secret " + secret + " cannot be read: " + message(found));
      return;
    }
    Optional<KeyRing> read =
        object.get("data") instanceof JsonObject data ? KeySecret.ring(data) : Optional.empty();
    if (read.isEmpty()) {
      // Not replaced: that would end all sign-ins because of what may be a mistake in a backup.
      report(
          "Secret "
              + secret
              + " has no valid keys: restore it, or delete it to end all sign-ins and make new keys");
      return;
    }
    use(read.get());
    KeyRing due = read.get().due(settings, KeyGeneration::random, clock.instant());
    if (!due.equals(read.get())) {
      write(
          due,
          Optional.of(object.getAsJsonObject("metadata").get("resourceVersion").getAsString()));
    }
  }

  private void write(KeyRing next, Optional<String> version) {
    JsonObject metadata = new JsonObject();
    metadata.addProperty("name", secret);
    metadata.addProperty("namespace", namespace);
    version.ifPresent(base -> metadata.addProperty("resourceVersion", base));
    JsonObject object = new JsonObject();
    object.addProperty("apiVersion", "v1");
    object.addProperty("kind", "Secret");
    object.addProperty("type", "Opaque");
    object.add("metadata", metadata);
    object.add("data", KeySecret.data(next));
    ApiResult<JsonObject> written =
        version.isPresent()
            ? api.request("PUT", ResourceType.SECRET.path(namespace, secret), object)
            : api.request("POST", ResourceType.SECRET.path(namespace), object);
    if (written.ok().isPresent()) {
      LOG.info("Secret {}: {}", secret, next.generations());
      use(next);
    } else if (!written.isConflict() && !written.isAlreadyExists()) {
      report("Secret " + secret + " cannot be written: " + message(written));
    }
  }

  private void use(KeyRing next) {
    ring = Optional.of(next);
    error = "";
    lastFailure = "";
  }

  private void report(String problem) {
    lastFailure = problem;
    if (!problem.equals(error)) {
      LOG.error("{}", problem);
      error = problem;
    }
  }

  private static String message(ApiResult<?> result) {
    return result.failure().map(ApiFailure::message).orElse("");
  }
}
