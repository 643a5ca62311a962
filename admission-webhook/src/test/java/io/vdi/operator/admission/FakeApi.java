package io.vdi.operator.admission;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.kubernetes.client.openapi.ApiClient;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.KubeGson;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import okhttp3.Interceptor;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.ResponseBody;
import okio.Buffer;

/**
 * An API server in memory, with resourceVersions and optimistic locking, for cases that a real one
 * cannot be made to show. It answers inside the HTTP client, without a socket.
 */
public final class FakeApi {
  private static final List<String> COLLECTIONS =
      List.of(
          "vdisessions",
          "vditemplates",
          "vdiusages",
          "configmaps",
          "secrets",
          "nodes",
          "persistentvolumeclaims");

  private final Map<String, JsonObject> objects = new TreeMap<>();
  private final List<String> calls = new CopyOnWriteArrayList<>();
  private long version = 100;
  private volatile UnaryOperator<JsonObject> reviews = review -> new JsonObject();
  private volatile Fault fault = (method, path) -> Optional.empty();

  private sealed interface Answer {}

  private record Ok(JsonObject body) implements Answer {}

  /** A failure of the API server. */
  public record Status(int code, String reason, String message) implements Answer {}

  /** Decides before each call whether it fails; an IOException is a broken connection. */
  @FunctionalInterface
  public interface Fault {
    Optional<Status> before(String method, String path) throws IOException;
  }

  public KubeClient client() {
    KubeGson.install();
    ApiClient client =
        new ApiClient(new OkHttpClient.Builder().addInterceptor(this::answer).build());
    client.setBasePath("http://fake");
    return new KubeClient(client, client);
  }

  /** Makes calls fail from now on. */
  public void failWith(Fault newFault) {
    fault = newFault;
  }

  /** Answers a SubjectAccessReview with the status that the function returns for its spec. */
  public void review(UnaryOperator<JsonObject> statusOfSpec) {
    reviews = statusOfSpec;
  }

  /** Stores an object, as another client would. */
  public synchronized JsonObject put(String path, String json) {
    return store(path, JsonParser.parseString(json).getAsJsonObject());
  }

  public synchronized void remove(String path) {
    version++;
    objects.remove(path);
  }

  /** The stored object. */
  public synchronized JsonObject get(String path) {
    return objects.get(path);
  }

  /** How often this method was called on paths that contain this text. */
  public long count(String method, String path) {
    return calls.stream()
        .filter(call -> call.startsWith(method + " ") && call.contains(path))
        .count();
  }

  private JsonObject store(String path, JsonObject object) {
    JsonObject stored = object.deepCopy();
    if (!stored.has("metadata")) {
      stored.add("metadata", new JsonObject());
    }
    stored
        .getAsJsonObject("metadata")
        .addProperty("name", path.substring(path.lastIndexOf('/') + 1));
    stored.getAsJsonObject("metadata").addProperty("resourceVersion", String.valueOf(++version));
    objects.put(path, stored);
    return stored;
  }

  private Response answer(Interceptor.Chain chain) throws IOException {
    Request request = chain.request();
    String path = request.url().encodedPath();
    calls.add(request.method() + " " + path);
    Optional<Status> failure = fault.before(request.method(), path);
    return failure.isPresent()
        ? response(request, failure.get())
        : response(request, handle(request, path));
  }

  private synchronized Answer handle(Request request, String path) throws IOException {
    return switch (request.method()) {
      case "GET" -> isCollection(path) ? new Ok(list(path)) : found(path);
      case "POST" -> {
        JsonObject body = body(request);
        if (path.endsWith("/subjectaccessreviews")) {
          body.add("status", reviews.apply(body.getAsJsonObject("spec")));
          yield new Ok(body);
        }
        String name = body.getAsJsonObject("metadata").get("name").getAsString();
        yield objects.containsKey(path + "/" + name)
            ? new Status(409, "AlreadyExists", name + " already exists")
            : new Ok(store(path + "/" + name, body));
      }
      case "PUT" -> {
        JsonObject body = body(request);
        JsonObject stored = objects.get(path);
        yield stored == null
            ? notFound(path)
            : isOutdated(body, stored)
                ? new Status(409, "Conflict", path + " has been modified")
                : new Ok(store(path, body));
      }
      default -> new Status(405, "MethodNotAllowed", request.method());
    };
  }

  private static boolean isOutdated(JsonObject body, JsonObject stored) {
    JsonObject metadata = body.getAsJsonObject("metadata");
    return metadata.has("resourceVersion")
        && !metadata
            .get("resourceVersion")
            .equals(stored.getAsJsonObject("metadata").get("resourceVersion"));
  }

  private Answer found(String path) {
    JsonObject stored = objects.get(path);
    return stored == null ? notFound(path) : new Ok(stored);
  }

  private static Status notFound(String path) {
    return new Status(404, "NotFound", path + " not found");
  }

  private static boolean isCollection(String path) {
    return COLLECTIONS.contains(path.substring(path.lastIndexOf('/') + 1));
  }

  private JsonObject list(String collection) {
    JsonArray items = new JsonArray();
    objects.forEach((path, object) -> {
      String clusterWide = path.replaceFirst("/namespaces/[^/]+", "");
      if (path.startsWith(collection + "/") || clusterWide.startsWith(collection + "/")) {
        items.add(object);
      }
    });
    JsonObject metadata = new JsonObject();
    metadata.addProperty("resourceVersion", String.valueOf(version));
    JsonObject list = new JsonObject();
    list.add("metadata", metadata);
    list.add("items", items);
    return list;
  }

  private static JsonObject body(Request request) throws IOException {
    Buffer buffer = new Buffer();
    request.body().writeTo(buffer);
    return JsonParser.parseString(buffer.readUtf8()).getAsJsonObject();
  }

  private static Response response(Request request, Answer answer) {
    return switch (answer) {
      case Ok(JsonObject body) -> response(request, 200, body);
      case Status(int code, String reason, String message) -> {
        JsonObject body = new JsonObject();
        body.addProperty("kind", "Status");
        body.addProperty("reason", reason);
        body.addProperty("message", message);
        yield response(request, code, body);
      }
    };
  }

  private static Response response(Request request, int code, JsonObject body) {
    return new Response.Builder()
        .request(request)
        .protocol(Protocol.HTTP_2)
        .code(code)
        .message("")
        .body(ResponseBody.create(body.toString(), MediaType.get("application/json")))
        .build();
  }
}
