package io.vdi.operator.admission.certificates;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ApiFailure;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The webhook's own authority, in a Secret that all replicas share, for clusters without
 * cert-manager, spec.md section 6. Whoever sees that something is due does it; of two who do so at
 * once the API server takes one (resourceVersion), and the other takes over what that one has done.
 */
public final class DynamicAuthority implements CertificateSource {
  private static final Logger LOG = LoggerFactory.getLogger(DynamicAuthority.class);
  private static final List<String> CONFIGURATIONS =
      List.of("mutatingwebhookconfigurations", "validatingwebhookconfigurations");

  private final KubeClient api;
  private final Location location;
  private final AuthorityState.Settings settings;
  private final ServingCertificate serving;
  private final Issuer issuer;
  private final InstantSource clock;
  private String reported = "";

  /**
   * Where things are.
   *
   * @param configuration name of the webhook configurations whose caBundle is kept
   */
  public record Location(String namespace, String secret, String configuration) {}

  /**
   * How long certificates live.
   *
   * @param propagation how long an API server may take to learn of a new authority
   */
  public record CertificateLifetimes(Duration authority, Duration serving, Duration propagation) {}

  /**
   * @param names the DNS names and addresses of the webhook
   */
  public static DynamicAuthority of(
      KubeClient api,
      Location location,
      CertificateLifetimes lives,
      List<String> names,
      ServingCertificate serving,
      SecureRandom random,
      InstantSource clock) {
    return new DynamicAuthority(
        api,
        location,
        new AuthorityState.Settings(lives.authority(), lives.serving(), lives.propagation(), names),
        serving,
        random,
        clock);
  }

  private DynamicAuthority(
      KubeClient api,
      Location location,
      AuthorityState.Settings settings,
      ServingCertificate serving,
      SecureRandom random,
      InstantSource clock) {
    this.api = api;
    this.location = location;
    this.settings = settings;
    this.serving = serving;
    this.issuer = new Issuer(random);
    this.clock = clock;
  }

  @Override
  public void refresh() {
    ApiResult<JsonObject> found = api.request("GET", path() + "/" + location.secret(), null);
    if (found.isNotFound()) {
      write(AuthorityState.first(issuer, settings, clock.instant()), Optional.empty());
      return;
    }
    if (found.ok().isEmpty()) {
      report("Secret " + location.secret() + " cannot be read: " + words(found));
      return;
    }
    JsonObject secret = found.orElseThrow();
    String version = secret.getAsJsonObject("metadata").get("resourceVersion").getAsString();
    AuthorityState state;
    try {
      state =
          AuthoritySecret.state(
              secret.has("data") ? secret.getAsJsonObject("data") : new JsonObject());
    } catch (CertificateKeyPair.InvalidCertificateException e) {
      LOG.warn("Secret {}: {}; it is made anew", location.secret(), e.getMessage());
      write(AuthorityState.first(issuer, settings, clock.instant()), Optional.of(version));
      return;
    }
    serve(state);
    boolean published = publish(state);
    AuthorityState due = state.due(issuer, settings, published, clock.instant());
    if (!due.equals(state)) {
      write(due, Optional.of(version));
    }
  }

  private void write(AuthorityState state, Optional<String> version) {
    JsonObject metadata = new JsonObject();
    metadata.addProperty("name", location.secret());
    metadata.addProperty("namespace", location.namespace());
    version.ifPresent(seen -> metadata.addProperty("resourceVersion", seen));
    JsonObject secret = new JsonObject();
    secret.addProperty("apiVersion", "v1");
    secret.addProperty("kind", "Secret");
    secret.addProperty("type", "kubernetes.io/tls");
    secret.add("metadata", metadata);
    secret.add("data", AuthoritySecret.data(state));
    ApiResult<JsonObject> written =
        version.isPresent()
            ? api.request("PUT", path() + "/" + location.secret(), secret)
            : api.request("POST", path(), secret);
    if (written.ok().isPresent()) {
      LOG.info(
          "Secret {}: serving certificate until {}, authority until {}{}",
          location.secret(),
          state.serving().certificate().getNotAfter().toInstant(),
          state.authority().certificate().getNotAfter().toInstant(),
          state.next().isPresent() ? ", the next authority is announced" : "");
      serve(state);
      publish(state);
    } else if (!written.isConflict() && !written.isAlreadyExists()) {
      report("Secret " + location.secret() + " cannot be written: " + words(written));
    }
  }

  private void serve(AuthorityState state) {
    boolean same =
        serving
            .material()
            .filter(now -> now.certificate().equals(state.serving().certificate()))
            .isPresent();
    if (!same) {
      LOG.info(
          "serving certificate {} until {}",
          state.serving().certificate().getSerialNumber().toString(36),
          state.serving().certificate().getNotAfter().toInstant());
    }
    serving.use(state.serving());
    reported = "";
  }

  /** Tells the API server whom to trust. Returns whether it knows. */
  private boolean publish(AuthorityState state) {
    String bundle =
        Base64.getEncoder().encodeToString(state.bundle().getBytes(StandardCharsets.UTF_8));
    boolean published = true;
    for (String kind : CONFIGURATIONS) {
      published &= publish(kind, bundle);
    }
    return published;
  }

  private boolean publish(String kind, String bundle) {
    String path = "/apis/admissionregistration.k8s.io/v1/" + kind + "/" + location.configuration();
    ApiResult<JsonObject> found = api.request("GET", path, null);
    if (found.isNotFound()) {
      // Not installed yet; there is nobody to tell.
      return true;
    }
    if (found.ok().isEmpty()) {
      report(kind + " " + location.configuration() + " cannot be read: " + words(found));
      return false;
    }
    JsonObject configuration = found.orElseThrow();
    boolean changed = false;
    for (JsonElement webhook : configuration.getAsJsonArray("webhooks")) {
      JsonObject client = webhook.getAsJsonObject().getAsJsonObject("clientConfig");
      if (!client.has("caBundle") || !client.get("caBundle").getAsString().equals(bundle)) {
        client.addProperty("caBundle", bundle);
        changed = true;
      }
    }
    if (!changed) {
      return true;
    }
    ApiResult<JsonObject> written = api.request("PUT", path, configuration);
    if (written.ok().isEmpty() && !written.isConflict()) {
      report(kind + " " + location.configuration() + " cannot be written: " + words(written));
    }
    return written.ok().isPresent();
  }

  private void report(String why) {
    if (!why.equals(reported)) {
      LOG.error("{}", why);
      reported = why;
    }
    serving.trouble(why);
  }

  private String path() {
    return "/api/v1/namespaces/" + location.namespace() + "/secrets";
  }

  private static String words(ApiResult<?> result) {
    return result.failure().map(ApiFailure::message).orElse("");
  }
}
