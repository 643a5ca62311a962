package io.vdi.operator.common.testing;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.kubernetes.client.util.KubeConfig;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.KubeClientFactory;
import io.vdi.operator.common.model.ResourceType;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/**
 * An API server in this process, over HTTP. It stores objects of every type and implements what the
 * operator uses: get, list (with pages and label selectors), watch, create, replace, merge patch
 * and delete, each with optimistic locking. Tests change objects with {@link #put} and {@link
 * #remove} as another client would, and inject errors that a real API server cannot be made to
 * return.
 */
public final class FakeApiServer implements AutoCloseable {
  private static final Pattern PATH =
      Pattern.compile(
          "(/api/v1|/apis/[^/]+/[^/]+)(?:/namespaces/([^/]+)(?=/))?/([^/]+)(?:/([^/]+))?(?:/([^/]+))?");

  /** A request as it arrived. */
  public record Request(
      String method,
      String path,
      Map<String, String> query,
      Map<String, String> headers,
      String body) {
    public JsonObject json() {
      return JsonParser.parseString(body).getAsJsonObject();
    }

    public boolean isWatch() {
      return query.containsKey("watch");
    }

    @Override
    public String toString() {
      return method + " " + path;
    }
  }

  private record Key(String groupPath, String plural, String namespace, String name) {
    boolean isIn(Key collection) {
      return groupPath.equals(collection.groupPath)
          && plural.equals(collection.plural)
          && (collection.namespace.isEmpty() || namespace.equals(collection.namespace));
    }

    @Override
    public String toString() {
      return plural + " \"" + name + "\"";
    }
  }

  private record Event(long version, Key key, String type, JsonObject object) {}

  private record Snapshot(long version, List<JsonObject> objects) {}

  private record Answer(int status, String body) {}

  private record Rule(Predicate<Request> which, Answer answer) {}

  private record Hook(Predicate<Request> which, Runnable action) {}

  static {
    // What a test waits for happens in this process, mostly within milliseconds. The default of
    // Awaitility is to look after 100 ms for the first time.
    Awaitility.setDefaultPollDelay(Duration.ZERO);
    Awaitility.setDefaultPollInterval((count, _) -> Duration.ofMillis(count < 20 ? 10 : 100));
  }

  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Map<Key, JsonObject> objects = new HashMap<>();
  private final List<Event> history = new ArrayList<>();
  private final Map<String, Snapshot> snapshots = new HashMap<>();
  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private final List<Rule> rules = new CopyOnWriteArrayList<>();
  private final List<Hook> hooks = new CopyOnWriteArrayList<>();
  private long version = 100;
  private long expiredUpTo;
  private int watchGeneration;
  private int pageSize = Integer.MAX_VALUE;
  private boolean watchesPaused;
  private int passedWhilePaused;
  private boolean closed;

  private FakeApiServer(HttpServer server) {
    this.server = server;
  }

  /** Starts on a free port of the loopback address. */
  public static FakeApiServer start() {
    try {
      FakeApiServer fake =
          new FakeApiServer(
              HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0));
      fake.server.setExecutor(fake.threads);
      fake.server.createContext("/", fake::handle);
      fake.server.start();
      return fake;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** A kubeconfig that names this server. */
  public String kubeconfig() {
    return """
    {apiVersion: v1, kind: Config, current-context: fake,
     clusters: [{name: fake, cluster: {server: '%s'}}],
     users: [{name: fake, user: {token: secret}}],
     contexts: [{name: fake, context: {cluster: fake, user: fake}}]}
    """
        .formatted(url());
  }

  /** A new client of this server. */
  public KubeClient client() {
    try {
      return KubeClientFactory.of(KubeConfig.loadKubeConfig(new StringReader(kubeconfig())));
    } catch (KubeClientFactory.ClusterUnavailableException e) {
      throw new IllegalStateException(e);
    }
  }

  /** All requests so far, in the order of their arrival. */
  public List<Request> requests() {
    return List.copyOf(requests);
  }

  public List<Request> requests(Predicate<Request> which) {
    return requests.stream().filter(which).toList();
  }

  /** The only request so far. */
  public Request onlyRequest() {
    if (requests.size() != 1) {
      throw new AssertionError("expected one request, got " + requests);
    }
    return requests.getFirst();
  }

  /** Answers the matching requests like this, until {@link #respondNormally}. */
  public void respond(Predicate<Request> which, int status, String body) {
    rules.addFirst(new Rule(which, new Answer(status, body)));
  }

  /** The same with a Status of this reason and message. */
  public void reject(Predicate<Request> which, int code, String reason, String message) {
    respond(which, code, status(code, reason, message).toString());
  }

  /** Rejects the first request that matches. */
  public void rejectOnce(Predicate<Request> which, int code, String reason, String message) {
    AtomicBoolean done = new AtomicBoolean();
    reject(
        request -> which.test(request) && done.compareAndSet(false, true), code, reason, message);
  }

  /** Closes the connection of matching requests without an answer. */
  public void disconnect(Predicate<Request> which) {
    rules.addFirst(new Rule(which, new Answer(0, "")));
  }

  public void respondNormally() {
    rules.clear();
    hooks.clear();
  }

  /** Runs this before a matching request is answered, on the thread of the request. */
  public void before(Predicate<Request> which, Runnable action) {
    hooks.add(new Hook(which, action));
  }

  /**
   * Blocks matching requests until the release.
   *
   * @return a latch for their arrival
   */
  public CountDownLatch block(Predicate<Request> which, CountDownLatch release) {
    CountDownLatch arrived = new CountDownLatch(1);
    before(
        which,
        () -> {
          arrived.countDown();
          try {
            release.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    return arrived;
  }

  /** The most objects on one page of a list. */
  public synchronized void pageSize(int objects) {
    pageSize = objects;
  }

  /** Holds watch events back, or sends those that were held back. */
  public synchronized void pauseWatches(boolean paused) {
    watchesPaused = paused;
    notifyAll();
  }

  /** Sends this many of the events that are held back, counted over all watches. */
  public synchronized void passWatchEvents(int events) {
    passedWhilePaused += events;
    notifyAll();
  }

  /** Ends all watches in progress. */
  public synchronized void endWatches() {
    watchGeneration++;
    notifyAll();
  }

  /** Ends all watches; a new watch from a version up to now gets 410 Gone. */
  public synchronized void expireHistory() {
    expiredUpTo = version++;
    endWatches();
  }

  /** Creates or replaces an object, as another client would. Returns it as stored. */
  public synchronized JsonObject put(ResourceType<?> type, String json) {
    JsonObject object = JsonParser.parseString(json).getAsJsonObject();
    JsonObject metadata = object.getAsJsonObject("metadata");
    String namespace = metadata.has("namespace") ? metadata.get("namespace").getAsString() : "";
    Key key =
        new Key(type.groupPath(), type.plural(), namespace, metadata.get("name").getAsString());
    return store(key, object).deepCopy();
  }

  /** Deletes an object whatever its finalizers, as another client would. */
  public synchronized void remove(ResourceType<?> type, String namespace, String name) {
    drop(new Key(type.groupPath(), type.plural(), namespace, name));
  }

  public synchronized Optional<JsonObject> find(
      ResourceType<?> type, String namespace, String name) {
    Key key = new Key(type.groupPath(), type.plural(), namespace, name);
    return Optional.ofNullable(objects.get(key)).map(JsonObject::deepCopy);
  }

  /** Stops the server; requests in progress fail. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    server.stop(0);
    threads.shutdownNow();
  }

  private void handle(HttpExchange exchange) throws IOException {
    Request request = request(exchange);
    requests.add(request);
    hooks.stream().filter(hook -> hook.which().test(request)).forEach(hook -> hook.action().run());
    Optional<Answer> injected =
        rules.stream().filter(rule -> rule.which().test(request)).map(Rule::answer).findFirst();
    if (injected.isEmpty() && request.isWatch()) {
      watch(exchange, request);
      return;
    }
    Answer answer = injected.orElseGet(() -> answer(request));
    if (answer.status() == 0) {
      exchange.close();
      return;
    }
    byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.sendResponseHeaders(answer.status(), body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  private static Request request(HttpExchange exchange) throws IOException {
    Map<String, String> query = new HashMap<>();
    String raw = exchange.getRequestURI().getRawQuery();
    for (String pair : raw == null ? new String[0] : raw.split("&", -1)) {
      String[] parts = pair.split("=", 2);
      query.put(parts[0], URLDecoder.decode(parts[1], StandardCharsets.UTF_8));
    }
    Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    exchange.getRequestHeaders().forEach((name, values) -> headers.put(name, values.getFirst()));
    return new Request(
        exchange.getRequestMethod(),
        exchange.getRequestURI().getPath(),
        query,
        headers,
        new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
  }

  private synchronized Answer answer(Request request) {
    Matcher path = PATH.matcher(request.path());
    if (request.path().equals("/version")) {
      return new Answer(200, "{}");
    }
    if (!path.matches()) {
      return rejected(404, "NotFound", "the server could not find the requested resource");
    }
    Key key = key(path);
    return switch (request.method()) {
      case "GET" -> key.name().isEmpty() ? list(key, request.query()) : get(key);
      case "POST" -> create(key, request.json());
      case "PUT" -> replace(key, request.json());
      case "PATCH" -> patch(key, request.json());
      case "DELETE" -> delete(key, request.json());
      default -> rejected(405, "MethodNotAllowed", request.method());
    };
  }

  private static Key key(Matcher path) {
    return new Key(
        path.group(1),
        path.group(3),
        path.group(2) == null ? "" : path.group(2),
        path.group(4) == null ? "" : path.group(4));
  }

  private Answer get(Key key) {
    JsonObject object = objects.get(key);
    return object == null ? notFound(key) : new Answer(200, object.toString());
  }

  private Answer list(Key collection, Map<String, String> query) {
    // Like etcd, all pages of a list are of the moment of its first page. Token: offset@snapshot.
    String[] token = query.getOrDefault("continue", "0@" + (snapshots.size() + 1)).split("@", -1);
    Snapshot snapshot =
        query.containsKey("continue")
            ? snapshots.get(token[1])
            : new Snapshot(
                version,
                objects.entrySet().stream()
                    .filter(entry -> entry.getKey().isIn(collection))
                    .map(Map.Entry::getValue)
                    .filter(object -> matches(object, query))
                    .sorted((a, b) -> name(a).compareTo(name(b)))
                    .toList());
    List<JsonObject> all = snapshot.objects();
    int from = Integer.parseInt(token[0]);
    int limit = Math.min(pageSize, Integer.parseInt(query.getOrDefault("limit", "1000000")));
    int to = Math.min(all.size(), from + limit);
    JsonObject metadata = new JsonObject();
    metadata.addProperty("resourceVersion", String.valueOf(snapshot.version()));
    if (to < all.size()) {
      metadata.addProperty("continue", to + "@" + token[1]);
      snapshots.put(token[1], snapshot);
    }
    JsonArray items = new JsonArray();
    all.subList(from, to).forEach(items::add);
    JsonObject list = new JsonObject();
    list.addProperty("kind", "List");
    list.add("metadata", metadata);
    list.add("items", items);
    return new Answer(200, list.toString());
  }

  private Answer create(Key collection, JsonObject object) {
    Key key =
        new Key(collection.groupPath(), collection.plural(), collection.namespace(), name(object));
    return objects.containsKey(key)
        ? rejected(409, "AlreadyExists", key + " already exists")
        : new Answer(201, store(key, object).toString());
  }

  private Answer replace(Key key, JsonObject object) {
    JsonObject current = objects.get(key);
    if (current == null) {
      return notFound(key);
    }
    return isStale(current, object.getAsJsonObject("metadata"))
        ? conflict(key)
        : new Answer(200, store(key, object).toString());
  }

  private Answer patch(Key key, JsonObject patch) {
    JsonObject current = objects.get(key);
    if (current == null) {
      return notFound(key);
    }
    if (patch.get("metadata") instanceof JsonObject metadata && isStale(current, metadata)) {
      return conflict(key);
    }
    JsonObject next = current.deepCopy();
    merge(next, patch);
    JsonObject metadata = next.getAsJsonObject("metadata");
    if (metadata.has("deletionTimestamp") && !hasFinalizers(metadata)) {
      drop(key);
      return new Answer(200, next.toString());
    }
    return new Answer(200, store(key, next).toString());
  }

  private Answer delete(Key key, JsonObject options) {
    JsonObject current = objects.get(key);
    if (current == null) {
      return notFound(key);
    }
    if (options.get("preconditions") instanceof JsonObject expected && isStale(current, expected)) {
      return conflict(key);
    }
    if (hasFinalizers(current.getAsJsonObject("metadata"))) {
      JsonObject marked = current.deepCopy();
      marked.getAsJsonObject("metadata").addProperty("deletionTimestamp", "2026-01-01T00:00:00Z");
      return new Answer(200, store(key, marked).toString());
    }
    drop(key);
    JsonObject success = new JsonObject();
    success.addProperty("kind", "Status");
    success.addProperty("status", "Success");
    success.add("metadata", new JsonObject());
    return new Answer(200, success.toString());
  }

  private static boolean isStale(JsonObject current, JsonObject expected) {
    JsonObject metadata = current.getAsJsonObject("metadata");
    return Stream.of("uid", "resourceVersion")
        .anyMatch(field -> expected.has(field) && !expected.get(field).equals(metadata.get(field)));
  }

  private static boolean hasFinalizers(JsonObject metadata) {
    return metadata.get("finalizers") instanceof JsonArray list && !list.isEmpty();
  }

  private static void merge(JsonObject into, JsonObject patch) {
    for (Map.Entry<String, JsonElement> field : patch.entrySet()) {
      if (field.getValue() instanceof JsonObject inner) {
        if (!(into.get(field.getKey()) instanceof JsonObject)) {
          into.add(field.getKey(), new JsonObject());
        }
        merge(into.getAsJsonObject(field.getKey()), inner);
      } else if (field.getValue() instanceof JsonNull) {
        into.remove(field.getKey());
      } else {
        into.add(field.getKey(), field.getValue());
      }
    }
  }

  private JsonObject store(Key key, JsonObject object) {
    JsonObject before = objects.get(key);
    JsonObject metadata = object.getAsJsonObject("metadata");
    JsonObject old = before == null ? new JsonObject() : before.getAsJsonObject("metadata");
    for (Map.Entry<String, String> fixed :
        Map.of(
                "uid", UUID.randomUUID().toString(),
                "creationTimestamp", Instant.EPOCH.toString())
            .entrySet()) {
      if (!metadata.has(fixed.getKey())) {
        metadata.addProperty(
            fixed.getKey(),
            old.has(fixed.getKey()) ? old.get(fixed.getKey()).getAsString() : fixed.getValue());
      }
    }
    metadata.addProperty("resourceVersion", String.valueOf(++version));
    objects.put(key, object);
    send(key, before == null ? "ADDED" : "MODIFIED", object);
    return object;
  }

  private void drop(Key key) {
    JsonObject last = objects.remove(key);
    if (last != null) {
      JsonObject deleted = last.deepCopy();
      deleted.getAsJsonObject("metadata").addProperty("resourceVersion", String.valueOf(++version));
      send(key, "DELETED", deleted);
    }
  }

  private void send(Key key, String type, JsonObject object) {
    history.add(new Event(version, key, type, object.deepCopy()));
    notifyAll();
  }

  private void watch(HttpExchange exchange, Request request) throws IOException {
    Matcher path = PATH.matcher(request.path());
    if (!path.matches()) {
      throw new IllegalArgumentException(request.path());
    }
    Key collection = key(path);
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.sendResponseHeaders(200, 0);
    int generation = generation();
    long sent = Long.parseLong(request.query().getOrDefault("resourceVersion", "0"));
    try (exchange;
        OutputStream out = exchange.getResponseBody()) {
      if (isExpired(sent)) {
        out.write(line("ERROR", status(410, "Expired", "too old resource version: " + sent)));
        return;
      }
      // The client's watch is open when it has received the headers.
      out.flush();
      for (Optional<Event> event = next(sent, generation);
          event.isPresent();
          event = next(sent, generation)) {
        sent = event.get().version();
        if (event.get().key().isIn(collection) && matches(event.get().object(), request.query())) {
          out.write(line(event.get().type(), event.get().object()));
          out.flush();
        }
      }
    }
  }

  private synchronized int generation() {
    return watchGeneration;
  }

  private synchronized boolean isExpired(long since) {
    return since <= expiredUpTo;
  }

  private synchronized Optional<Event> next(long sent, int generation) {
    try {
      while (!closed && generation == watchGeneration) {
        Optional<Event> next = history.stream().filter(event -> event.version() > sent).findFirst();
        if (next.isPresent() && (!watchesPaused || passedWhilePaused > 0)) {
          passedWhilePaused = Math.max(0, passedWhilePaused - 1);
          return next;
        }
        wait();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return Optional.empty();
  }

  private static byte[] line(String type, JsonObject object) {
    JsonObject event = new JsonObject();
    event.addProperty("type", type);
    event.add("object", object);
    return (event + "\n").getBytes(StandardCharsets.UTF_8);
  }

  private static boolean matches(JsonObject object, Map<String, String> query) {
    String selector = query.getOrDefault("labelSelector", "");
    if (selector.isEmpty()) {
      return true;
    }
    JsonElement labels = object.getAsJsonObject("metadata").get("labels");
    return Stream.of(selector.split(",(?![^(]*\\))", -1)).allMatch(term -> matches(labels, term));
  }

  /** {@code key=value}, {@code key in (a,b)} or {@code key notin (a,b)}. */
  private static boolean matches(JsonElement labels, String term) {
    boolean equality = term.contains("=");
    String[] parts = term.split(equality ? "=" : " ", equality ? 2 : 3);
    List<String> values =
        equality
            ? List.of(parts[1])
            : List.of(parts[2].substring(1, parts[2].length() - 1).split(",", -1));
    boolean listed =
        labels instanceof JsonObject map
            && map.has(parts[0])
            && values.contains(map.get(parts[0]).getAsString());
    return listed != (!equality && parts[1].equals("notin"));
  }

  private static String name(JsonObject object) {
    return object.getAsJsonObject("metadata").get("name").getAsString();
  }

  private static Answer notFound(Key key) {
    return rejected(404, "NotFound", key + " not found");
  }

  private static Answer conflict(Key key) {
    return rejected(409, "Conflict", key + ": the object has been modified");
  }

  private static Answer rejected(int code, String reason, String message) {
    return new Answer(code, status(code, reason, message).toString());
  }

  private static JsonObject status(int code, String reason, String message) {
    JsonObject status = new JsonObject();
    status.addProperty("kind", "Status");
    status.addProperty("apiVersion", "v1");
    status.addProperty("status", "Failure");
    status.addProperty("code", code);
    status.addProperty("reason", reason);
    status.addProperty("message", message);
    return status;
  }
}
