package io.vdi.operator.admission.certificates;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ApiFailure;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The webhook's own CA, in a Secret that all replicas share, for clusters without cert-manager;
 * docs/specification.md, section 6. Any replica takes the next step when it is due. If two do so
 * concurrently, the API server accepts one write (resourceVersion), and the other replica uses its
 * result.
 */
public final class DynamicAuthority implements CertificateSource {
  private static final Logger LOG = LoggerFactory.getLogger(DynamicAuthority.class);
  private static final List<String> WEBHOOK_CONFIGURATIONS =
      List.of("mutatingwebhookconfigurations", "validatingwebhookconfigurations");

  private final KubeClient api;
  private final Location location;
  private final CertificateSettings settings;
  private final ServingCertificate serving;
  private final Issuer issuer;
  private final InstantSource clock;
  private String lastError = "";

  /**
   * Where the objects are.
   *
   * @param configuration name of the webhook configurations whose caBundle is kept up to date
   */
  public record Location(String namespace, String secret, String configuration) {}

  public DynamicAuthority(
      KubeClient api,
      Location location,
      CertificateSettings settings,
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
    if (!(found instanceof ApiResult.Ok<JsonObject>(JsonObject secret))) {
      report("Secret " + location.secret() + " cannot be read", found);
      return;
    }
    String version = secret.getAsJsonObject("metadata").get("resourceVersion").getAsString();
    AuthorityState state;
    try {
      state =
          AuthoritySecret.state(
              secret.has("data") ? secret.getAsJsonObject("data") : new JsonObject());
    } catch (CertificateKeyPair.InvalidCertificateException e) {
      LOG.warn("Secret {}: {}; creating a new CA", location.secret(), e.getMessage());
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

  /**
   * @param version the resourceVersion that the state is based on; empty to create the Secret
   */
  private void write(AuthorityState state, Optional<String> version) {
    JsonObject metadata = new JsonObject();
    metadata.addProperty("name", location.secret());
    metadata.addProperty("namespace", location.namespace());
    version.ifPresent(base -> metadata.addProperty("resourceVersion", base));
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
          "Secret {}: serving certificate until {}, CA until {}{}",
          location.secret(),
          state.serving().certificate().getNotAfter().toInstant(),
          state.ca().certificate().getNotAfter().toInstant(),
          state.next().isPresent() ? ", a new CA is being published" : "");
      serve(state);
      publish(state);
    } else if (!written.isConflict() && !written.isAlreadyExists()) {
      report("Secret " + location.secret() + " cannot be written", written);
    }
  }

  private void serve(AuthorityState state) {
    boolean unchanged =
        serving
            .current()
            .filter(pair -> pair.certificate().equals(state.serving().certificate()))
            .isPresent();
    if (!unchanged) {
      LOG.info(
          "serving certificate {} until {}",
          state.serving().certificate().getSerialNumber().toString(36),
          state.serving().certificate().getNotAfter().toInstant());
    }
    serving.use(state.serving());
    lastError = "";
  }

  /**
   * Writes the CA bundle into the webhook configurations. Returns whether the API server has it.
   */
  private boolean publish(AuthorityState state) {
    String bundle =
        Base64.getEncoder().encodeToString(state.bundle().getBytes(StandardCharsets.UTF_8));
    boolean published = true;
    for (String resource : WEBHOOK_CONFIGURATIONS) {
      published &= publish(resource, bundle);
    }
    return published;
  }

  private boolean publish(String resource, String bundle) {
    String path =
        "/apis/admissionregistration.k8s.io/v1/" + resource + "/" + location.configuration();
    ApiResult<JsonObject> found = api.request("GET", path, null);
    if (found.isNotFound()) {
      // Not installed yet, so the API server calls no webhook.
      return true;
    }
    if (!(found instanceof ApiResult.Ok<JsonObject>(JsonObject configuration))) {
      report(resource + " " + location.configuration() + " cannot be read", found);
      return false;
    }
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
      report(resource + " " + location.configuration() + " cannot be written", written);
    }
    return written.ok().isPresent();
  }

  private void report(String problem, ApiResult<?> result) {
    String error = problem + ": " + result.failure().map(ApiFailure::message).orElse("");
    if (!error.equals(lastError)) {
      LOG.error("{}", error);
      lastError = error;
    }
    serving.fail(error);
  }

  private String path() {
    return "/api/v1/namespaces/" + location.namespace() + "/secrets";
  }
}
