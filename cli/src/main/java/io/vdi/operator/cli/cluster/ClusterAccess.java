package io.vdi.operator.cli.cluster;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.kube.MergePatch;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.model.VdiUsage;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The cluster with the permissions of the current user. Every failed request is a {@link
 * CliException}.
 */
public final class ClusterAccess implements AutoCloseable {
  private final KubeClient api;
  private final String namespace;
  private final String operatorNamespace;

  /** Reads an object or a list by its path. */
  private final Function<String, Optional<JsonObject>> reader;

  /**
   * @param namespace the namespace of the sessions
   * @param operatorNamespace the namespace of the operator's services
   */
  public ClusterAccess(KubeClient api, String namespace, String operatorNamespace) {
    this.api = api;
    this.namespace = namespace;
    this.operatorNamespace = operatorNamespace;
    this.reader = this::fetch;
  }

  private ClusterAccess(ClusterAccess live, Function<String, Optional<JsonObject>> reader) {
    this.api = live.api;
    this.namespace = live.namespace;
    this.operatorNamespace = live.operatorNamespace;
    this.reader = reader;
  }

  /**
   * The same cluster with a cache: {@link #get} and {@link #list} send one request per path, also
   * when many threads ask for the same path concurrently. Failed requests are not cached.
   */
  public ClusterAccess snapshot() {
    Map<String, CachedAnswer> answers = new ConcurrentHashMap<>();
    return new ClusterAccess(
        this,
        path -> answers.computeIfAbsent(path, key -> new CachedAnswer()).get(() -> fetch(path)));
  }

  /** The answer for one path. Callers wait while the first one sends the request. */
  private static final class CachedAnswer {
    private Optional<JsonObject> answer;

    synchronized Optional<JsonObject> get(Supplier<Optional<JsonObject>> request) {
      if (answer == null) {
        answer = request.get();
      }
      return answer;
    }
  }

  /** The namespace of the sessions. */
  public String namespace() {
    return namespace;
  }

  /** The namespace of the operator's services. */
  public String operatorNamespace() {
    return operatorNamespace;
  }

  public KubeClient api() {
    return api;
  }

  /** One object by its path; empty if it does not exist or its kind is not served. */
  public Optional<JsonObject> get(String path) {
    return reader.apply(path);
  }

  private Optional<JsonObject> fetch(String path) {
    ApiResult<JsonObject> answer = api.request("GET", path, null);
    return answer.isNotFound() ? Optional.empty() : Optional.of(valueOf(answer, path));
  }

  /** The objects of a list; none if the kind is not served. */
  public List<JsonObject> list(String path) {
    return get(path).map(list -> Json.objects(list, "items")).orElse(List.of());
  }

  /**
   * The objects in a collection that the chart has installed for a component.
   *
   * @param collection its path
   */
  public List<JsonObject> ofComponent(String collection, String component) {
    return list(
        collection
            + "?labelSelector=app.kubernetes.io/name=vdi-operator,app.kubernetes.io/component="
            + component);
  }

  /**
   * The name of what the chart installs for a component, such as {@code vdi-controller}. The value
   * {@code fullnameOverride} changes its beginning, which the Deployment of the controller shows.
   * Users who may not list Deployments get the usual name.
   */
  public String chartName(String component) {
    String prefix = "vdi";
    try {
      prefix =
          ofComponent(
                  "/apis/apps/v1/namespaces/" + operatorNamespace + "/deployments", "controller")
              .stream()
              .map(Json::name)
              .filter(name -> name.endsWith("-controller"))
              .map(name -> name.substring(0, name.lastIndexOf('-')))
              .findFirst()
              .orElse(prefix);
    } catch (CliException e) {
      // The caller reads the object and reports what is missing.
    }
    return prefix + "-" + component;
  }

  /** Whether the API server serves this kind. */
  public boolean serves(ResourceType<?> kind) {
    return valueOf(api.serves(kind), kind.qualifiedName());
  }

  /** One object, decoded; empty if it does not exist. */
  public <T extends KubeObject> Optional<T> get(
      ResourceType<T> kind, String namespace, String name) {
    return get(kind.path(namespace, name)).map(object -> decode(kind.objectClass(), object));
  }

  /**
   * One session.
   *
   * @throws CliException if it does not exist
   */
  public VdiSession session(String name) {
    return decode(VdiSession.class, sessionObject(name));
  }

  /** The same as JSON, with every field that the API server returns. */
  public JsonObject sessionObject(String name) {
    return get(ResourceType.SESSION.path(namespace, name))
        .orElseThrow(() ->
            new CliException.Failed(
                "there is no session \"" + name + "\" in namespace " + namespace));
  }

  public Optional<VdiTemplate> template(String name) {
    return get(ResourceType.TEMPLATE, "", name);
  }

  public List<VdiTemplate> templates() {
    return items(ResourceType.TEMPLATE, "");
  }

  /** The sessions of one namespace; of all namespaces if it is empty. */
  public List<VdiSession> sessions(String namespace) {
    return items(ResourceType.SESSION, namespace);
  }

  /** The claims of the homes of all namespaces, also of those whose session is deleted. */
  public List<PersistentVolumeClaim> homes() {
    ResourceType<PersistentVolumeClaim> kind = ResourceType.PERSISTENT_VOLUME_CLAIM;
    return valueOf(api.list(kind, "", Labels.MANAGED_SELECTOR), kind.path("")).items();
  }

  /** Reads the intervals of use with these labels page by page. */
  public void usages(String selector, Consumer<VdiUsage> visitor) {
    ResourceType<VdiUsage> kind = ResourceType.USAGE;
    ApiResult<Integer> read = api.forEach(kind, operatorNamespace, selector, visitor);
    if (read.isNotFound()) {
      throw new CliException.Failed(
          "the cluster has no "
              + kind.qualifiedName()
              + ": install the CRDs of the chart; see kubectl vdi doctor");
    }
    valueOf(read, kind.path(operatorNamespace));
  }

  private <T extends KubeObject> List<T> items(ResourceType<T> kind, String namespace) {
    return valueOf(api.list(kind, namespace, ""), kind.path(namespace)).items();
  }

  /** The last lines of a desktop's log; its pod can have other containers. */
  public String podLog(String namespace, String pod, int lines) {
    String path =
        ResourceType.POD.path(namespace, pod)
            + "/log?container=%s&tailLines=%d".formatted(Pod.DESKTOP, lines);
    return valueOf(api.getText(path), path);
  }

  /** The API server's clock, to the second. */
  public Instant serverTime() {
    return valueOf(api.serverTime(), "/version");
  }

  public VdiSession patch(VdiSession session, MergePatch patch) {
    return valueOf(
        api.mergePatch(ResourceType.SESSION, session.namespace(), session.name(), patch.toJson()),
        ResourceType.SESSION.path(session.namespace(), session.name()));
  }

  /**
   * The value of a successful request.
   *
   * @param object names the object in the error if the API server gives no message
   * @throws CliException if the request failed
   */
  public static <T> T valueOf(ApiResult<T> answer, String object) {
    return switch (answer) {
      case ApiResult.Ok<T>(T value) -> value;
      case ApiResult.Rejected<T>(int status, String reason, String message) ->
          throw new CliException.ApiRejected(
              status, message.isEmpty() ? object + ": " + reason : message);
      case ApiResult.Unreachable<T>(String message) -> throw new CliException.Failed(message);
    };
  }

  /**
   * Decodes an object into the record of its kind.
   *
   * @throws CliException if a field has another type
   */
  public static <T> T decode(Class<T> type, JsonObject object) {
    try {
      return KubeGson.gson().fromJson(object, type);
    } catch (JsonParseException e) {
      throw new CliException.Failed("unreadable answer: " + e.getMessage());
    }
  }

  @Override
  public void close() {
    api.close();
  }
}
