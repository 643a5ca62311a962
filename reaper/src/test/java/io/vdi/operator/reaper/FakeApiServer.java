package io.vdi.operator.reaper;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.kubernetes.client.util.KubeConfig;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.KubeClientFactory;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.ResourceType;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.function.Predicate;

/**
 * An API server in memory, for the cases that a real one cannot make: answers that fail, and
 * changes between two requests. It supports get, list in pages, create, merge patch, and delete
 * with preconditions. Watches stay open and show nothing.
 */
public final class FakeApiServer implements AutoCloseable {
  /** Objects per page of a list, so that a few objects need several pages. */
  private static final int PAGE = 2;

  private final HttpServer server;
  private final KubeClient api;
  private final Map<String, JsonObject> objects = new TreeMap<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final List<Rule> rules = new CopyOnWriteArrayList<>();
  private final CountDownLatch closed = new CountDownLatch(1);
  private long version = 1;

  /**
   * What happens to matching requests.
   *
   * @param request such as "GET /api/v1/pods"
   * @param effect returns whether the request is answered
   */
  private record Rule(String request, Predicate<HttpExchange> effect) {}

  public FakeApiServer() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
      server.createContext("/", this::handle);
      server.start();
      api =
          KubeClientFactory.of(
              KubeConfig.loadKubeConfig(
                  new StringReader(
                      """
                      {apiVersion: v1, kind: Config, current-context: t,
                       clusters: [{name: t, cluster: {server: "http://127.0.0.1:%d"}}],
                       users: [{name: t, user: {token: t}}],
                       contexts: [{name: t, context: {cluster: t, user: t}}]}
                      """
                          .formatted(server.getAddress().getPort()))));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (KubeClientFactory.ClusterUnavailableException e) {
      throw new IllegalStateException(e);
    }
  }

  public KubeClient api() {
    return api;
  }

  /** Stores an object. Its UID is "uid-" and its name unless it has one. */
  public synchronized <T extends KubeObject> T add(ResourceType<T> type, String json) {
    JsonObject object = JsonParser.parseString(json).getAsJsonObject();
    object.addProperty("apiVersion", type.apiVersion());
    object.addProperty("kind", type.kind());
    JsonObject metadata = object.getAsJsonObject("metadata");
    String name = metadata.get("name").getAsString();
    if (!metadata.has("uid")) {
      metadata.addProperty("uid", "uid-" + name);
    }
    String namespace = metadata.has("namespace") ? metadata.get("namespace").getAsString() : "";
    store(type.path(namespace, name), object);
    return KubeGson.gson().fromJson(object, type.objectClass());
  }

  public synchronized Optional<JsonObject> find(
      ResourceType<?> type, String namespace, String name) {
    return Optional.ofNullable(objects.get(type.path(namespace, name))).map(JsonObject::deepCopy);
  }

  /** All objects of this type in the namespace. */
  public synchronized List<JsonObject> list(ResourceType<?> type, String namespace) {
    String prefix = type.path(namespace) + "/";
    return objects.entrySet().stream()
        .filter(entry -> entry.getKey().startsWith(prefix))
        .map(entry -> entry.getValue().deepCopy())
        .toList();
  }

  /** Applies a merge patch, as another client does. */
  public synchronized void change(
      ResourceType<?> type, String namespace, String name, String patch) {
    String path = type.path(namespace, name);
    JsonObject object = objects.get(path);
    merge(object, JsonParser.parseString(patch).getAsJsonObject());
    store(path, object);
  }

  public synchronized void remove(ResourceType<?> type, String namespace, String name) {
    objects.remove(type.path(namespace, name));
  }

  private void store(String path, JsonObject object) {
    version++;
    object.getAsJsonObject("metadata").addProperty("resourceVersion", String.valueOf(version));
    objects.put(path, object);
  }

  /** Runs the action before each matching request is answered. */
  public void before(String method, String path, Runnable action) {
    rules.add(
        new Rule(
            method + " " + path,
            exchange -> {
              action.run();
              return false;
            }));
  }

  /** Answers matching requests with this status. */
  public void refuse(String method, String path, int code) {
    rules.add(
        new Rule(
            method + " " + path,
            exchange -> {
              failure(exchange, code, "Refused", "refused by the test");
              return true;
            }));
  }

  /** Closes the connection of matching requests without an answer. */
  public void disconnect(String method, String path) {
    rules.add(
        new Rule(
            method + " " + path,
            exchange -> {
              exchange.close();
              return true;
            }));
  }

  /** From now on all requests are answered normally. */
  public void reset() {
    rules.clear();
  }

  /** "GET /api/v1/pods", without queries, of all requests with this method. */
  public List<String> requests(String method) {
    return requests.stream().filter(request -> request.startsWith(method + " ")).toList();
  }

  private void handle(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    String request = exchange.getRequestMethod() + " " + path;
    JsonObject body = json(exchange.getRequestBody().readAllBytes());
    requests.add(request);
    try (exchange) {
      for (Rule rule : rules) {
        if (rule.request().equals(request) && rule.effect().test(exchange)) {
          return;
        }
      }
      Map<String, String> query = query(exchange.getRequestURI().getRawQuery());
      if (query.containsKey("watch")) {
        exchange.sendResponseHeaders(200, 0);
        exchange.getResponseBody().flush();
        awaitClose();
        return;
      }
      switch (exchange.getRequestMethod()) {
        case "GET" -> get(exchange, path, query);
        case "POST" -> post(exchange, path, body);
        case "PATCH" -> patch(exchange, path, body);
        case "DELETE" -> delete(exchange, path, body);
        default -> failure(exchange, 405, "MethodNotAllowed", request);
      }
    }
  }

  private void awaitClose() {
    try {
      closed.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized void get(HttpExchange exchange, String path, Map<String, String> query) {
    JsonObject object = objects.get(path);
    if (object != null || path.equals("/version")) {
      answer(exchange, 200, object == null ? new JsonObject() : object);
    } else if (isCollection(path)) {
      answer(exchange, 200, page(path, query));
    } else {
      failure(exchange, 404, "NotFound", path + " not found");
    }
  }

  /** A path of a collection ends with the plural of a resource, which has no upper case. */
  private static boolean isCollection(String path) {
    String last = path.substring(path.lastIndexOf('/') + 1);
    return List.of(
            ResourceType.SESSION,
            ResourceType.TEMPLATE,
            ResourceType.POD,
            ResourceType.PERSISTENT_VOLUME_CLAIM,
            ResourceType.SECRET,
            ResourceType.SERVICE,
            ResourceType.INGRESS,
            ResourceType.INGRESS_ROUTE)
        .stream()
        .anyMatch(type -> type.plural().equals(last));
  }

  private JsonObject page(String path, Map<String, String> query) {
    List<JsonObject> matching =
        objects.entrySet().stream()
            .filter(entry ->
                entry.getKey().startsWith(path + "/")
                    || entry.getKey().replaceFirst("/namespaces/[^/]+", "").startsWith(path + "/"))
            .map(Map.Entry::getValue)
            .filter(object -> hasLabel(object, query.getOrDefault("labelSelector", "")))
            .toList();
    boolean paged = query.containsKey("limit");
    int from = Integer.parseInt(query.getOrDefault("continue", "0"));
    int to = paged ? Math.min(from + PAGE, matching.size()) : matching.size();
    JsonArray items = new JsonArray();
    matching.subList(from, to).forEach(items::add);
    JsonObject metadata = new JsonObject();
    metadata.addProperty("resourceVersion", String.valueOf(version));
    if (to < matching.size()) {
      metadata.addProperty("continue", String.valueOf(to));
    }
    JsonObject list = new JsonObject();
    list.add("metadata", metadata);
    list.add("items", items);
    return list;
  }

  private static boolean hasLabel(JsonObject object, String selector) {
    if (selector.isEmpty()) {
      return true;
    }
    String[] label = selector.split("=", 2);
    JsonElement labels = object.getAsJsonObject("metadata").get("labels");
    return labels != null
        && labels.getAsJsonObject().has(label[0])
        && labels.getAsJsonObject().get(label[0]).getAsString().equals(label[1]);
  }

  private synchronized void post(HttpExchange exchange, String path, JsonObject object) {
    String created = path + "/" + object.getAsJsonObject("metadata").get("name").getAsString();
    if (objects.containsKey(created)) {
      failure(exchange, 409, "AlreadyExists", created + " already exists");
      return;
    }
    store(created, object);
    answer(exchange, 201, object);
  }

  private synchronized void patch(HttpExchange exchange, String requestPath, JsonObject patch) {
    String path = requestPath.replaceFirst("/status$", "");
    JsonObject object = objects.get(path);
    if (object == null) {
      failure(exchange, 404, "NotFound", path + " not found");
      return;
    }
    JsonObject preconditions = patch.getAsJsonObject("metadata");
    if (preconditions != null && isAnother(object, preconditions)) {
      failure(exchange, 409, "Conflict", "the object has been modified");
      return;
    }
    merge(object, patch);
    store(path, object);
    answer(exchange, 200, object);
  }

  private synchronized void delete(HttpExchange exchange, String path, JsonObject options) {
    JsonObject object = objects.get(path);
    if (object == null) {
      failure(exchange, 404, "NotFound", path + " not found");
      return;
    }
    if (isAnother(object, options.getAsJsonObject("preconditions"))) {
      failure(exchange, 409, "Conflict", "the preconditions are not met");
      return;
    }
    JsonObject metadata = object.getAsJsonObject("metadata");
    if (metadata.has("finalizers") && !metadata.getAsJsonArray("finalizers").isEmpty()) {
      metadata.addProperty("deletionTimestamp", "2026-03-01T12:00:00Z");
      store(path, object);
      answer(exchange, 200, object);
    } else {
      objects.remove(path);
      JsonObject status = new JsonObject();
      status.addProperty("kind", "Status");
      status.addProperty("status", "Success");
      answer(exchange, 200, status);
    }
  }

  /** Whether the UID or resourceVersion that the client expects is not that of the object. */
  private static boolean isAnother(JsonObject object, JsonObject expected) {
    JsonObject metadata = object.getAsJsonObject("metadata");
    return List.of("uid", "resourceVersion").stream()
        .anyMatch(key -> expected.has(key) && !expected.get(key).equals(metadata.get(key)));
  }

  private static void merge(JsonObject target, JsonObject patch) {
    patch
        .entrySet()
        .forEach(entry -> {
          JsonElement value = entry.getValue();
          if (value.isJsonNull()) {
            target.remove(entry.getKey());
          } else if (value.isJsonObject() && target.get(entry.getKey()) instanceof JsonObject old) {
            merge(old, value.getAsJsonObject());
          } else if (value.isJsonObject()) {
            JsonObject fresh = new JsonObject();
            merge(fresh, value.getAsJsonObject());
            target.add(entry.getKey(), fresh);
          } else {
            target.add(entry.getKey(), value);
          }
        });
  }

  private static JsonObject json(byte[] body) {
    return body.length == 0
        ? new JsonObject()
        : JsonParser.parseString(new String(body, StandardCharsets.UTF_8)).getAsJsonObject();
  }

  private static Map<String, String> query(String raw) {
    Map<String, String> query = new HashMap<>();
    if (raw != null) {
      for (String pair : raw.split("&", -1)) {
        String[] parts = pair.split("=", 2);
        query.put(parts[0], URLDecoder.decode(parts[1], StandardCharsets.UTF_8));
      }
    }
    return query;
  }

  private static void failure(HttpExchange exchange, int code, String reason, String message) {
    JsonObject status = new JsonObject();
    status.addProperty("kind", "Status");
    status.addProperty("code", code);
    status.addProperty("reason", reason);
    status.addProperty("message", message);
    answer(exchange, code, status);
  }

  private static void answer(HttpExchange exchange, int code, JsonObject body) {
    byte[] bytes = body.toString().getBytes(StandardCharsets.UTF_8);
    try {
      exchange.sendResponseHeaders(code, bytes.length);
      exchange.getResponseBody().write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    closed.countDown();
    api.close();
    server.stop(0);
  }
}
