package io.vdi.operator.cli.cluster;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/** The cluster as this caller may see it. Every refusal is a {@link CliException}. */
public final class ClusterAccess implements AutoCloseable {
  private final KubeClient api;
  private final String namespace;
  private final String operatorNamespace;
  private final Reader reader;

  /** How an object or a list is had by its path. */
  private interface Reader {
    Optional<JsonObject> read(String path);
  }

  public ClusterAccess(KubeClient api, String namespace, String operator) {
    this.api = api;
    this.namespace = namespace;
    this.operatorNamespace = operator;
    this.reader = this::fetch;
  }

  private ClusterAccess(ClusterAccess live, Reader reader) {
    this.api = live.api;
    this.namespace = live.namespace;
    this.operatorNamespace = live.operatorNamespace;
    this.reader = reader;
  }

  /** The same cluster, where each object and each list is asked for once: as it is now. */
  public ClusterAccess snapshot() {
    Map<String, Once> seen = new ConcurrentHashMap<>();
    return new ClusterAccess(
        this, path -> seen.computeIfAbsent(path, key -> new Once()).get(() -> fetch(path)));
  }

  /** What is asked for by many at once, and answered once. */
  private static final class Once {
    private Optional<JsonObject> answer;

    synchronized Optional<JsonObject> get(Supplier<Optional<JsonObject>> question) {
      if (answer == null) {
        answer = question.get();
      }
      return answer;
    }
  }

  /** Where sessions are looked for. */
  public String namespace() {
    return namespace;
  }

  /** Where the operator is. */
  public String operatorNamespace() {
    return operatorNamespace;
  }

  public KubeClient api() {
    return api;
  }

  /** One object by its path; empty where there is none, or no such kind. */
  public Optional<JsonObject> get(String path) {
    return reader.read(path);
  }

  private Optional<JsonObject> fetch(String path) {
    ApiResult<JsonObject> answer = api.request("GET", path, null);
    return answer.isNotFound() ? Optional.empty() : Optional.of(valueOf(answer, path));
  }

  /** The objects of a list; none where there is no such kind. */
  public List<JsonObject> list(String path) {
    return get(path).map(list -> Json.objects(list, "items")).orElse(List.of());
  }

  /** Whether there is such a kind at all. */
  public boolean serves(ResourceType<?> kind) {
    return valueOf(api.serves(kind), kind.qualifiedName());
  }

  /** One object of a kind that has a record. */
  public <T extends KubeObject> Optional<T> get(ResourceType<T> kind, String space, String name) {
    return get(kind.path(space, name)).map(object -> decode(kind.objectClass(), object));
  }

  /** A session as it stands. */
  public VdiSession session(String name) {
    return get(ResourceType.SESSION, namespace, name)
        .orElseThrow(() ->
            new CliException(
                404, "there is no session \"" + name + "\" in namespace " + namespace));
  }

  public Optional<VdiTemplate> template(String name) {
    return get(ResourceType.TEMPLATE, "", name);
  }

  /** All sessions of a namespace; of all where it is empty. */
  public List<VdiSession> sessions(String space) {
    return valueOf(api.list(ResourceType.SESSION, space, ""), ResourceType.SESSION.path(space))
        .items();
  }

  /** The log of a pod. */
  public String podLog(String space, String pod, int lines) {
    String path = ResourceType.POD.path(space, pod) + "/log?tailLines=" + lines;
    return valueOf(api.getText(path), path);
  }

  /** What time it is for the API server. */
  public Instant serverTime() {
    return valueOf(api.serverTime(), "/version");
  }

  /** Changes what the patch names. */
  public VdiSession patch(VdiSession session, JsonObject patch) {
    return valueOf(
        api.mergePatch(ResourceType.SESSION, session.namespace(), session.name(), patch),
        ResourceType.SESSION.path(session.namespace(), session.name()));
  }

  /** The value of an answer. */
  public static <T> T valueOf(ApiResult<T> answer, String what) {
    return switch (answer) {
      case ApiResult.Ok<T>(T value) -> value;
      case ApiResult.Rejected<T>(int code, String reason, String message) ->
          throw new CliException(code, message.isEmpty() ? what + ": " + reason : message);
      case ApiResult.Unreachable<T>(String message) -> throw new CliException(0, message);
    };
  }

  /**
   * An object as the record of its kind.
   *
   * @throws CliException where it is of another shape
   */
  public static <T> T decode(Class<T> type, JsonObject object) {
    try {
      return KubeGson.gson().fromJson(object, type);
    } catch (JsonParseException e) {
      throw new CliException(0, "unreadable answer: " + e.getMessage());
    }
  }

  @Override
  public void close() {
    api.close();
  }
}
