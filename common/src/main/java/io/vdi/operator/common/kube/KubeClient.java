package io.vdi.operator.common.kube;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonSyntaxException;
import com.google.gson.reflect.TypeToken;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.Pair;
import io.kubernetes.client.util.Watch;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.ResourceType;
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
import java.util.function.Consumer;
import java.util.function.Function;
import okhttp3.Call;
import okhttp3.OkHttpClient;
import okhttp3.Response;

/**
 * Calls to the API server, each with its outcome as a value. Bodies are JSON, so that exactly what
 * was meant is sent; answers are decoded into the {@link ResourceType}'s record. Safe for many
 * threads.
 */
public final class KubeClient {
  public static final String FIELD_MANAGER = "vdi-operator";

  private static final int PAGE = 500;
  private static final String JSON = "application/json";
  private static final String MERGE_PATCH = "application/merge-patch+json";
  private static final String[] AUTH = {"BearerToken"};

  private final ApiClient calls;
  private final ApiClient watches;

  /**
   * @param calls for single calls, with a time limit on each
   * @param watches for watches, whose answers have no end
   */
  public KubeClient(ApiClient calls, ApiClient watches) {
    this.calls = calls;
    this.watches = watches;
  }

  public <T extends KubeObject> ApiResult<T> get(
      ResourceType<T> kind, String namespace, String name) {
    return call(
        kind, kind.objectClass(), "GET", kind.path(namespace) + "/" + name, List.of(), null);
  }

  public <T extends KubeObject> ApiResult<ResourceList<T>> list(
      ResourceType<T> kind, String namespace, String labelSelector) {
    Type type = listType(kind);
    return call(
        kind, type, "GET", kind.path(namespace), query("labelSelector", labelSelector), null);
  }

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
   * Changes only what the patch names (RFC 7396). With {@code metadata.uid} or {@code
   * metadata.resourceVersion} in the patch, an object that is no longer that one is a conflict.
   */
  public <T extends KubeObject> ApiResult<T> mergePatch(
      ResourceType<T> kind, String namespace, String name, JsonObject patch) {
    return patch(kind, kind.path(namespace) + "/" + name, patch);
  }

  /** The same for the status subresource. */
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
   * Deletes the object only if it still has this UID; dependents go in the background. The answer's
   * record still has its metadata where the object is only marked so far.
   */
  public <T extends KubeObject> ApiResult<T> delete(
      ResourceType<T> kind, String namespace, String name, String uid) {
    JsonObject preconditions = new JsonObject();
    preconditions.addProperty("uid", uid);
    return delete(kind, namespace, name, preconditions);
  }

  /** The same, only if the object still is exactly the version that was seen: else a conflict. */
  public <T extends KubeObject> ApiResult<T> deleteIfUnchanged(
      ResourceType<T> kind, ObjectMeta seen) {
    JsonObject preconditions = new JsonObject();
    preconditions.addProperty("uid", seen.uid());
    preconditions.addProperty("resourceVersion", seen.resourceVersion());
    return delete(kind, seen.namespace(), seen.name(), preconditions);
  }

  private <T extends KubeObject> ApiResult<T> delete(
      ResourceType<T> kind, String namespace, String name, JsonObject preconditions) {
    JsonObject options = new JsonObject();
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
    return answer.map(gone -> {
      if (gone.has("kind") && gone.get("kind").getAsString().equals("Status")) {
        // Gone already, and no object is left to be returned.
        gone.remove("status");
        gone.remove("metadata");
      }
      return KubeGson.gson().fromJson(gone, kind.objectClass());
    });
  }

  /**
   * All objects of a kind, asked for page by page, so that never more than one page is in memory.
   *
   * @return how many; after a failure some may have been shown already
   */
  public <T extends KubeObject> ApiResult<Integer> forEach(
      ResourceType<T> kind, String labelSelector, Consumer<T> visitor) {
    int count = 0;
    String next = "";
    do {
      List<Pair> query = new ArrayList<>(query("labelSelector", labelSelector));
      query.add(new Pair("limit", String.valueOf(PAGE)));
      query.addAll(query("continue", next));
      ApiResult<ResourceList<T>> answer =
          call(kind, listType(kind), "GET", kind.path(""), query, null);
      if (!(answer instanceof ApiResult.Ok<ResourceList<T>>(ResourceList<T> page))) {
        return answer.map(list -> 0);
      }
      page.items().forEach(visitor);
      count += page.items().size();
      next = Objects.requireNonNullElse(page.metadata().getContinue(), "");
    } while (!next.isEmpty());
    return new ApiResult.Ok<>(count);
  }

  /**
   * What time it is for the API server, to the second, by the header that every answer of it bears.
   */
  public ApiResult<Instant> serverTime() {
    try (Response response =
        build(calls, null, JsonObject.class, "GET", "/version", List.of(), null).execute()) {
      Date date = response.headers().getDate("Date");
      return date == null
          ? new ApiResult.Unreachable<>("the answer tells no time")
          : new ApiResult.Ok<>(date.toInstant());
    } catch (ApiException e) {
      throw new IllegalStateException("cannot build GET /version", e);
    } catch (IOException e) {
      return new ApiResult.Unreachable<>(String.valueOf(e.getMessage()));
    }
  }

  /** A call with a path of the caller's own, for what is no stored object (reviews, discovery). */
  public ApiResult<JsonObject> request(String method, String path, JsonObject body) {
    return call(
        null,
        JsonObject.class,
        method,
        path,
        List.of(),
        body == null ? null : new Body(JSON, body));
  }

  /** The same for what answers with a text of its own, such as the log of a pod. */
  public ApiResult<String> getText(String path) {
    return call(null, String.class, "GET", path, List.of(), null, text -> text);
  }

  /** For what the client library itself can do: port forwarding, exec. Its calls have no end. */
  public ApiClient streamingClient() {
    return watches;
  }

  /** Whether the cluster serves this kind; an unreachable API server is a failure, not a no. */
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

  <T extends KubeObject> ResourceList<T> listForCache(ResourceType<T> kind, String selector)
      throws ApiException {
    return switch (list(kind, "", selector)) {
      case ApiResult.Ok<ResourceList<T>>(ResourceList<T> list) -> list;
      case ApiResult.Rejected<ResourceList<T>>(int code, String reason, String message) ->
          throw new ApiException(code, reason + ": " + message);
      case ApiResult.Unreachable<ResourceList<T>>(String message) ->
          throw new ApiException(message);
    };
  }

  <T extends KubeObject> Watch<T> watch(
      ResourceType<T> kind, String selector, String resourceVersion, int timeoutSeconds)
      throws ApiException {
    List<Pair> query = new ArrayList<>(query("labelSelector", selector));
    query.addAll(query("watch", "true"));
    query.addAll(query("resourceVersion", resourceVersion));
    query.addAll(query("timeoutSeconds", String.valueOf(timeoutSeconds)));
    Type type = TypeToken.getParameterized(Watch.Response.class, kind.objectClass()).getType();
    Call call = build(watches, kind, type, "GET", kind.path(""), query, null);
    return Watch.createWatch(watches, call, type);
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
        kind, answer, method, path, query, body, text -> KubeGson.gson().<R>fromJson(text, answer));
  }

  private <R> ApiResult<R> call(
      ResourceType<?> kind,
      Type answer,
      String method,
      String path,
      List<Pair> query,
      Body body,
      Function<String, R> decoder) {
    try (Response response = build(calls, kind, answer, method, path, query, body).execute()) {
      // Read whole before decoding: half an answer is no answer.
      String text = response.body().string();
      return response.isSuccessful()
          ? new ApiResult.Ok<>(decoder.apply(text))
          : rejected(response.code(), response.message(), text);
    } catch (ApiException e) {
      throw new IllegalStateException("cannot build " + method + " " + path, e);
    } catch (JsonSyntaxException e) {
      return new ApiResult.Unreachable<>("unreadable answer: " + e.getMessage());
    } catch (IOException e) {
      return new ApiResult.Unreachable<>(
          method + " " + path + ": " + (e.getMessage() == null ? e.toString() : e.getMessage()));
    }
  }

  private static Call build(
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
    return client.buildCall(
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

  private static <R> ApiResult<R> rejected(int code, String httpMessage, String text) {
    try {
      JsonObject status = KubeGson.gson().fromJson(text, JsonObject.class);
      if (status != null && status.has("message")) {
        String reason = status.has("reason") ? status.get("reason").getAsString() : "";
        return new ApiResult.Rejected<>(code, reason, status.get("message").getAsString());
      }
    } catch (RuntimeException e) {
      // Not a Status: a proxy in between answered. Its own words are the best there is.
    }
    String words = text.isBlank() ? httpMessage : text.strip();
    return new ApiResult.Rejected<>(
        code, "", words.length() > 200 ? words.substring(0, 200) + "…" : words);
  }

  /** Ends all connections; calls under way fail. */
  public void close() {
    for (ApiClient client : List.of(calls, watches)) {
      OkHttpClient http = client.getHttpClient();
      http.dispatcher().cancelAll();
      http.dispatcher().executorService().shutdown();
      http.connectionPool().evictAll();
    }
  }
}
