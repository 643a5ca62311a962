package io.vdi.operator.common.kube;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.reflect.TypeToken;
import com.google.gson.stream.MalformedJsonException;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.Pair;
import io.kubernetes.client.util.Watch;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.WatchedNamespaces;
import java.io.EOFException;
import java.io.IOException;
import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import okhttp3.Call;
import okhttp3.OkHttpClient;
import okhttp3.Response;

/**
 * Calls to the API server, each with its outcome as a value. Request bodies are JSON, so that no
 * model class adds fields; answers are decoded into the record of the {@link ResourceType}. Safe
 * for concurrent use.
 *
 * <p>Why not the client's own generic API: docs/decisions/kube-client.md.
 */
public final class KubeClient {
  /** The name under which the API server records our writes in managedFields. */
  public static final String FIELD_MANAGER = "vdi-operator";

  /** The objects on a page of a list, as client-go has it. */
  private static final int PAGE = 500;

  /** A token for the next page is valid for minutes; a list that takes longer starts again. */
  private static final int MAX_RESTARTS = 3;

  private static final String JSON = "application/json";
  private static final String MERGE_PATCH = "application/merge-patch+json";
  private static final String[] AUTH = {"BearerToken"};

  private final ApiClient calls;
  private final ApiClient watches;

  /** Whom the calls impersonate; empty: nobody. */
  private final Optional<ImpersonatedUser> actingAs;

  /**
   * @param calls for single calls, each with a time limit
   * @param watches for watches and streams, without a time limit
   */
  public KubeClient(ApiClient calls, ApiClient watches) {
    this(calls, watches, Optional.empty());
  }

  private KubeClient(ApiClient calls, ApiClient watches, Optional<ImpersonatedUser> actingAs) {
    this.calls = calls;
    this.watches = watches;
    this.actingAs = actingAs;
  }

  /**
   * The same connections, whose calls act as this user: RBAC, admission and the audit log see the
   * user. The account of this client needs the permission to impersonate.
   */
  public KubeClient actingAs(ImpersonatedUser user) {
    return new KubeClient(calls, watches, Optional.of(user));
  }

  /** Reads one object; of a type with metadata only, just its metadata. */
  public <T extends KubeObject> ApiResult<T> get(
      ResourceType<T> kind, String namespace, String name) {
    return call(
        kind, kind.objectClass(), "GET", kind.path(namespace) + "/" + name, List.of(), null);
  }

  /**
   * Reads all objects in one answer; for large collections see {@link #forEach}.
   *
   * @param namespace empty for all namespaces
   * @param labelSelector empty for all objects
   */
  public <T extends KubeObject> ApiResult<ResourceList<T>> list(
      ResourceType<T> kind, String namespace, String labelSelector) {
    Type type = listType(kind);
    return call(
        kind, type, "GET", kind.path(namespace), query("labelSelector", labelSelector), null);
  }

  /**
   * Reads all objects in these namespaces, one namespace after the other. The version of the list
   * is the first one: every change up to it is in the list.
   */
  public <T extends KubeObject> ApiResult<ResourceList<T>> list(
      ResourceType<T> kind, WatchedNamespaces namespaces, String labelSelector) {
    ResourceList<T> all = null;
    for (String namespace : namespaces.scopesOf(kind)) {
      ApiResult<ResourceList<T>> part = list(kind, namespace, labelSelector);
      if (!(part instanceof ApiResult.Ok<ResourceList<T>>(ResourceList<T> more))) {
        return part;
      }
      all = all == null ? more : all.with(more.items());
    }
    return new ApiResult.Ok<>(Objects.requireNonNull(all));
  }

  /** Creates an object; {@link ApiResult#isAlreadyExists} when the name is taken. */
  public <T extends KubeObject> ApiResult<T> create(
      ResourceType<T> kind, String namespace, JsonObject object) {
    return call(
        kind,
        kind.objectClass(),
        "POST",
        kind.path(namespace),
        query("fieldManager", FIELD_MANAGER),
        new Body(JSON, object));
  }

  /**
   * Creates an object as a dry run: all admission webhooks are called, and nothing is stored.
   *
   * @return their warnings, as kubectl prints them
   */
  public ApiResult<List<String>> dryRunCreate(
      ResourceType<?> kind, String namespace, JsonObject object) {
    return call(
        kind,
        JsonObject.class,
        "POST",
        kind.path(namespace),
        query("dryRun", "All"),
        new Body(JSON, object),
        response -> response.headers("Warning"));
  }

  /**
   * Changes only the fields that the patch names (RFC 7396). When the patch has {@code
   * metadata.uid} or {@code metadata.resourceVersion} and the object has another one, the result is
   * a conflict. Build the patch with {@link MergePatch}.
   */
  public <T extends KubeObject> ApiResult<T> mergePatch(
      ResourceType<T> kind, String namespace, String name, JsonObject patch) {
    return patch(kind, kind.path(namespace) + "/" + name, patch);
  }

  /** Patches the status subresource; see {@link #mergePatch}. */
  public <T extends KubeObject> ApiResult<T> mergePatchStatus(
      ResourceType<T> kind, String namespace, String name, JsonObject patch) {
    return patch(kind, kind.path(namespace) + "/" + name + "/status", patch);
  }

  private <T extends KubeObject> ApiResult<T> patch(
      ResourceType<T> kind, String path, JsonObject patch) {
    return call(
        kind,
        kind.objectClass(),
        "PATCH",
        path,
        query("fieldManager", FIELD_MANAGER),
        new Body(MERGE_PATCH, patch));
  }

  /** Replaces the whole object; a conflict when its resource version is not the current one. */
  public <T extends KubeObject> ApiResult<T> replace(
      ResourceType<T> kind, String namespace, String name, JsonObject object) {
    return call(
        kind,
        kind.objectClass(),
        "PUT",
        kind.path(namespace) + "/" + name,
        query("fieldManager", FIELD_MANAGER),
        new Body(JSON, object));
  }

  /**
   * Deletes the object if it has this UID; otherwise the result is a conflict. Dependents are
   * deleted in the background. The returned record has metadata when the object still exists
   * because of its finalizers or grace period, and {@link ObjectMeta#EMPTY} when it is deleted.
   */
  public <T extends KubeObject> ApiResult<T> delete(
      ResourceType<T> kind, String namespace, String name, String uid) {
    JsonObject preconditions = new JsonObject();
    preconditions.addProperty("uid", uid);
    return delete(kind, namespace, name, preconditions, new JsonObject());
  }

  /**
   * Deletes this pod without waiting for its kubelet to stop it: its containers may still run. Only
   * for pods whose node does not report.
   */
  public ApiResult<Pod> forceDeletePod(ObjectMeta pod) {
    JsonObject preconditions = new JsonObject();
    preconditions.addProperty("uid", pod.uid());
    JsonObject options = new JsonObject();
    options.addProperty("gracePeriodSeconds", 0);
    return delete(ResourceType.POD, pod.namespace(), pod.name(), preconditions, options);
  }

  /** Deletes exactly this version of the object; a conflict when it has changed. */
  public <T extends KubeObject> ApiResult<T> deleteIfUnchanged(
      ResourceType<T> kind, ObjectMeta observed) {
    JsonObject preconditions = new JsonObject();
    preconditions.addProperty("uid", observed.uid());
    preconditions.addProperty("resourceVersion", observed.resourceVersion());
    return delete(kind, observed.namespace(), observed.name(), preconditions, new JsonObject());
  }

  private <T extends KubeObject> ApiResult<T> delete(
      ResourceType<T> kind,
      String namespace,
      String name,
      JsonObject preconditions,
      JsonObject options) {
    options.addProperty("propagationPolicy", "Background");
    options.add("preconditions", preconditions);
    ApiResult<JsonObject> answer =
        call(
            kind,
            JsonObject.class,
            "DELETE",
            kind.path(namespace) + "/" + name,
            List.of(),
            new Body(JSON, options));
    return answer.map(deleted -> {
      if (deleted.has("kind") && deleted.get("kind").getAsString().equals("Status")) {
        // The object is deleted; the answer is a Status, whose fields must not be read as its own.
        deleted.remove("status");
        deleted.remove("metadata");
      }
      return KubeGson.gson().fromJson(deleted, kind.objectClass());
    });
  }

  /**
   * Reads all objects of a kind page by page, so that only one page is in memory.
   *
   * @param namespace empty for all namespaces
   * @return the number of objects; after a failure the visitor may have received some of them
   */
  public <T extends KubeObject> ApiResult<Integer> forEach(
      ResourceType<T> kind, String namespace, String labelSelector, Consumer<T> visitor) {
    int count = 0;
    String next = "";
    do {
      ApiResult<ResourceList<T>> answer = page(kind, namespace, labelSelector, next);
      if (!(answer instanceof ApiResult.Ok<ResourceList<T>>(ResourceList<T> page))) {
        return answer.map(list -> 0);
      }
      page.items().forEach(visitor);
      count += page.items().size();
      next = nextPage(page);
    } while (!next.isEmpty());
    return new ApiResult.Ok<>(count);
  }

  /** The time of the API server in whole seconds, from the Date header of its answer. */
  public ApiResult<Instant> serverTime() {
    try (Response response =
        build(calls, null, JsonObject.class, "GET", "/version", List.of(), null).execute()) {
      Date date = response.headers().getDate("Date");
      return date == null
          ? new ApiResult.Unreachable<>("the answer has no Date header")
          : new ApiResult.Ok<>(date.toInstant());
    } catch (ApiException e) {
      throw new IllegalStateException("cannot build GET /version", e);
    } catch (IOException e) {
      return new ApiResult.Unreachable<>(String.valueOf(e.getMessage()));
    }
  }

  /**
   * Sends any request, for resources that are not stored objects, such as reviews and discovery.
   *
   * @param body null for none
   */
  public ApiResult<JsonObject> request(String method, String path, JsonObject body) {
    return call(
        null,
        JsonObject.class,
        method,
        path,
        List.of(),
        body == null ? null : new Body(JSON, body));
  }

  /** Reads plain text, such as the log of a pod. */
  public ApiResult<String> getText(String path) {
    return call(
        null, String.class, "GET", path, List.of(), null, response -> response.body().string());
  }

  /**
   * The client for port forwarding and exec of the client library. Its calls have no time limit.
   */
  public ApiClient streamingClient() {
    return watches;
  }

  /**
   * Whether the cluster serves this kind. An error other than 404 is a failure, not {@code false}.
   */
  public ApiResult<Boolean> serves(ResourceType<?> kind) {
    ApiResult<JsonObject> answer = request("GET", kind.groupPath(), null);
    return answer.isNotFound()
        ? new ApiResult.Ok<>(false)
        : answer.map(resources -> listsPlural(resources, kind.plural()));
  }

  private static boolean listsPlural(JsonObject resources, String plural) {
    JsonArray list = resources.getAsJsonArray("resources");
    for (JsonElement resource : list) {
      if (resource.getAsJsonObject().get("name").getAsString().equals(plural)) {
        return true;
      }
    }
    return false;
  }

  /**
   * All objects of a kind, of one moment, read in pages of {@value #PAGE}. When the API server no
   * longer has that moment (410 for the next page), the list starts again.
   *
   * @param namespace empty for all namespaces
   * @return the version of the list is that of the first page
   */
  <T extends KubeObject> ApiResult<ResourceList<T>> listByPages(
      ResourceType<T> kind, String namespace, String labelSelector) {
    ApiResult<ResourceList<T>> result = listPages(kind, namespace, labelSelector);
    for (int restarts = 0; restarts < MAX_RESTARTS && isExpired(result); restarts++) {
      result = listPages(kind, namespace, labelSelector);
    }
    return result;
  }

  private <T extends KubeObject> ApiResult<ResourceList<T>> listPages(
      ResourceType<T> kind, String namespace, String labelSelector) {
    ApiResult<ResourceList<T>> answer = page(kind, namespace, labelSelector, "");
    if (!(answer instanceof ApiResult.Ok<ResourceList<T>>(ResourceList<T> first))
        || nextPage(first).isEmpty()) {
      return answer;
    }
    List<T> items = new ArrayList<>(first.items());
    String next = nextPage(first);
    while (!next.isEmpty()) {
      answer = page(kind, namespace, labelSelector, next);
      if (!(answer instanceof ApiResult.Ok<ResourceList<T>>(ResourceList<T> page))) {
        return answer;
      }
      items.addAll(page.items());
      next = nextPage(page);
    }
    return new ApiResult.Ok<>(new ResourceList<>(first.metadata(), items));
  }

  private static boolean isExpired(ApiResult<?> result) {
    return result instanceof ApiResult.Rejected<?> rejected && rejected.code() == 410;
  }

  private <T extends KubeObject> ApiResult<ResourceList<T>> page(
      ResourceType<T> kind, String namespace, String labelSelector, String next) {
    List<Pair> query = new ArrayList<>(query("labelSelector", labelSelector));
    query.add(new Pair("limit", String.valueOf(PAGE)));
    query.addAll(query("continue", next));
    return call(kind, listType(kind), "GET", kind.path(namespace), query, null);
  }

  private static String nextPage(ResourceList<?> page) {
    return Objects.requireNonNullElse(page.metadata().getContinue(), "");
  }

  <T extends KubeObject> ResourceList<T> listForCache(
      ResourceType<T> kind, String namespace, String selector) throws ApiException {
    return switch (listByPages(kind, namespace, selector)) {
      case ApiResult.Ok<ResourceList<T>>(ResourceList<T> list) -> list;
      case ApiResult.Rejected<ResourceList<T>>(int code, String reason, String message) ->
          throw new ApiException(code, reason + ": " + message);
      case ApiResult.Unreachable<ResourceList<T>>(String message) ->
          throw new ApiException(message);
    };
  }

  <T extends KubeObject> Watch<T> watch(
      ResourceType<T> kind,
      String namespace,
      String selector,
      String resourceVersion,
      int timeoutSeconds)
      throws ApiException {
    List<Pair> query = new ArrayList<>(query("labelSelector", selector));
    query.addAll(query("watch", "true"));
    // Without bookmarks the version of a quiet kind grows old, until a watch from it is refused.
    query.addAll(query("allowWatchBookmarks", "true"));
    query.addAll(query("resourceVersion", resourceVersion));
    query.addAll(query("timeoutSeconds", String.valueOf(timeoutSeconds)));
    Type type = TypeToken.getParameterized(Watch.Response.class, kind.objectClass()).getType();
    Call call = build(watches, kind, type, "GET", kind.path(namespace), query, null);
    try {
      return Watch.createWatch(watches, call, type);
    } catch (ApiException e) {
      if (e.getCode() == 0) {
        throw e;
      }
      ApiResult.Rejected<T> answer =
          rejected(
              e.getCode(),
              String.valueOf(e.getMessage()),
              Objects.requireNonNullElse(e.getResponseBody(), ""));
      throw new ApiException(answer.code(), answer.reason() + ": " + answer.message());
    }
  }

  private static List<Pair> query(String name, String value) {
    return value.isEmpty() ? List.of() : List.of(new Pair(name, value));
  }

  private static Type listType(ResourceType<?> kind) {
    return TypeToken.getParameterized(ResourceList.class, kind.objectClass()).getType();
  }

  private record Body(String contentType, JsonObject content) {}

  private <R> ApiResult<R> call(
      ResourceType<?> kind, Type answer, String method, String path, List<Pair> query, Body body) {
    return call(
        kind,
        answer,
        method,
        path,
        query,
        body,
        response -> {
          // Decoded while it arrives: an answer can be far larger than the fields that are read.
          R value = KubeGson.gson().fromJson(response.body().charStream(), answer);
          if (value == null) {
            throw new JsonParseException("it is empty");
          }
          return value;
        });
  }

  /**
   * Reads the body of an answer completely: the end of a broken connection must not look like it.
   */
  private interface Decoder<R> {
    R decode(Response response) throws IOException;
  }

  private <R> ApiResult<R> call(
      ResourceType<?> kind,
      Type answer,
      String method,
      String path,
      List<Pair> query,
      Body body,
      Decoder<R> decoder) {
    try (Response response = build(calls, kind, answer, method, path, query, body).execute()) {
      return response.isSuccessful()
          ? new ApiResult.Ok<>(decoder.decode(response))
          : rejected(response.code(), response.message(), response.body().string());
    } catch (ApiException e) {
      throw new IllegalStateException("cannot build " + method + " " + path, e);
    } catch (JsonParseException e) {
      // Gson wraps the errors of the connection. JSON that ends too early is an EOFException of its
      // own.
      return e.getCause() instanceof IOException broken
              && !(broken instanceof MalformedJsonException || broken instanceof EOFException)
          ? unreachable(method, path, broken)
          : new ApiResult.Unreachable<>("unreadable answer: " + e.getMessage());
    } catch (IOException e) {
      return unreachable(method, path, e);
    }
  }

  private static <R> ApiResult<R> unreachable(String method, String path, IOException e) {
    return new ApiResult.Unreachable<>(
        method + " " + path + ": " + (e.getMessage() == null ? e.toString() : e.getMessage()));
  }

  private Call build(
      ApiClient client,
      ResourceType<?> kind,
      Type answer,
      String method,
      String path,
      List<Pair> query,
      Body body)
      throws ApiException {
    Map<String, String> headers = new HashMap<>();
    headers.put("Accept", accept(kind, answer));
    if (body != null) {
      headers.put("Content-Type", body.contentType());
    }
    byte[] content =
        body == null ? null : body.content().toString().getBytes(StandardCharsets.UTF_8);
    Call call =
        client.buildCall(
            client.getBasePath(),
            path,
            method,
            query,
            List.of(),
            content,
            headers,
            Map.of(),
            Map.of(),
            AUTH,
            null);
    return actingAs
        .map(user -> client.getHttpClient().newCall(user.addTo(call.request())))
        .orElse(call);
  }

  private static String accept(ResourceType<?> kind, Type answer) {
    if (kind == null || !kind.isMetadataOnly()) {
      return JSON;
    }
    boolean list = !(answer instanceof Class<?>) && answer.getTypeName().contains("ResourceList");
    return "application/json;as=PartialObjectMetadata"
        + (list ? "List" : "")
        + ";g=meta.k8s.io;v=v1";
  }

  private static <R> ApiResult.Rejected<R> rejected(int code, String httpMessage, String text) {
    try {
      JsonObject status = KubeGson.gson().fromJson(text, JsonObject.class);
      if (status != null && status.has("message")) {
        String reason = status.has("reason") ? status.get("reason").getAsString() : "";
        return new ApiResult.Rejected<>(code, reason, status.get("message").getAsString());
      }
    } catch (RuntimeException e) {
      // Not a Status: a proxy answered. Its text is the only message.
    }
    String message = text.isBlank() ? httpMessage : text.strip();
    return new ApiResult.Rejected<>(
        code, "", message.length() > 200 ? message.substring(0, 200) + "…" : message);
  }

  /** Closes all connections; calls in progress fail. */
  public void close() {
    for (ApiClient client : List.of(calls, watches)) {
      OkHttpClient http = client.getHttpClient();
      http.dispatcher().cancelAll();
      http.dispatcher().executorService().shutdown();
      http.connectionPool().evictAll();
    }
  }
}
