package io.vdi.operator.devcluster.testing;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.process.ClusterException;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * A proxy in front of the API server that makes the caches of a service outdated on request: it
 * delays, drops and repeats the events of watches, and answers lists from an older state. All other
 * requests work. It records the writes of the service.
 */
public final class WatchProxy implements AutoCloseable {
  /** Headers of one connection, which a proxy does not forward. */
  private static final List<String> NOT_FORWARDED =
      List.of(
          "host", "connection", "content-length", "accept-encoding", "upgrade", "http2-settings");

  private static final String RESOURCE_VERSION = "resourceVersion";

  /** What the API server sends when it no longer has the version of a watch. */
  private static final String EXPIRED =
      """
      {"type": "ERROR", "object": {"apiVersion": "v1", "kind": "Status", "metadata": {}, \
      "status": "Failure", "reason": "Expired", "message": "too old resource version", "code": 410}}
      """;

  private static final String REFUSED =
      """
      {"apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Failure", \
      "reason": "InternalError", "message": "etcdserver: leader changed", "code": 500}
      """;

  /**
   * A write that the API server has answered. Leases, Events and access reviews are not recorded.
   *
   * @param path of the object, or of the namespace and type where it was created
   * @param body JSON; empty if the request had none
   * @param status of the answer
   */
  public record Write(String method, String path, String body, int status) {
    public boolean isAccepted() {
      return status < 300;
    }

    /** Whether it creates, changes or deletes an object of this type. */
    public boolean concerns(ResourceType<?> type) {
      List<String> segments = List.of(path.split("/", -1));
      return segments.contains(type.path("").substring(type.path("").lastIndexOf('/') + 1));
    }
  }

  /** The lists of all types that the service has listed so far, as of one moment. */
  public record Snapshot(Map<String, byte[]> lists) {}

  private enum Drop {
    NONE,
    FIRST,
    ALL
  }

  /** How the watches of one type behave. Guarded by the lock. */
  private static final class Behavior {
    /** Events with a later version are delayed. */
    private long holdAfter = Long.MAX_VALUE;

    private Drop drop = Drop.NONE;

    /** The objects of which an event was dropped. */
    private final Set<String> dropped = new HashSet<>();

    /** The version from which the next watch starts. */
    private OptionalLong restartFrom = OptionalLong.empty();

    /** The answers to lists until the next watch, by path and query. */
    private Map<String, byte[]> oldLists = Map.of();

    private int opened;
  }

  private final HttpServer server;
  private final HttpClient http;
  private final String apiServer;
  private final Path kubeconfig;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Map<String, Behavior> behaviors = new HashMap<>();
  private final Set<OpenWatch> open = ConcurrentHashMap.newKeySet();
  private final Map<String, HttpRequest> lists = new ConcurrentHashMap<>();
  private final List<Write> writes = new CopyOnWriteArrayList<>();
  private boolean holdsAll;
  private volatile boolean refusesLists;

  /**
   * @param client a kubeconfig of the API server; {@link #kubeconfig} has the same permissions
   */
  public WatchProxy(Path client) {
    try {
      JsonObject config = JsonParser.parseString(Files.readString(client)).getAsJsonObject();
      JsonObject cluster =
          config.getAsJsonArray("clusters").get(0).getAsJsonObject().getAsJsonObject("cluster");
      apiServer = cluster.get("server").getAsString();
      http =
          HttpClient.newBuilder()
              .sslContext(trusting(cluster.get("certificate-authority-data").getAsString()))
              .executor(Executors.newVirtualThreadPerTaskExecutor())
              .build();
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
      server.createContext("/", this::forward);
      server.start();
      cluster.remove("certificate-authority-data");
      cluster.addProperty("server", "http://127.0.0.1:" + server.getAddress().getPort());
      kubeconfig = Files.createTempFile("proxy-", ".kubeconfig");
      kubeconfig.toFile().deleteOnExit();
      Files.writeString(kubeconfig, config.toString());
    } catch (IOException | GeneralSecurityException e) {
      throw new ClusterException("cannot start the proxy", e);
    }
  }

  /** A kubeconfig of this proxy. */
  public Path kubeconfig() {
    return kubeconfig;
  }

  /** From now on, watches receive no events. */
  public void hold() {
    locked(() -> holdsAll = true);
  }

  /** From now on, watches of this type receive no events. */
  public void hold(ResourceType<?> type) {
    holdAfter(type, 0);
  }

  /** From now on, watches of this type receive no events after this version. */
  public void holdAfter(ResourceType<?> type, long version) {
    change(type, behavior -> behavior.holdAfter = version);
  }

  /** Drops all events of this type. Watches do not recover from this until {@link #expire}. */
  public void drop(ResourceType<?> type) {
    change(type, behavior -> behavior.drop = Drop.ALL);
  }

  /** Drops the next event of each object of this type. */
  public void dropFirst(ResourceType<?> type) {
    change(type, behavior -> behavior.drop = Drop.FIRST);
  }

  /** Sends the delayed events, and delays and drops no more of them. */
  public void release() {
    locked(() -> {
      holdsAll = false;
      behaviors
          .values()
          .forEach(behavior -> {
            behavior.holdAfter = Long.MAX_VALUE;
            behavior.drop = Drop.NONE;
          });
    });
  }

  /**
   * Ends the watches of this type as the API server does when it no longer has their version: the
   * service lists the type again.
   */
  public void expire(ResourceType<?> type) {
    openWatches(type).forEach(OpenWatch::expire);
  }

  /**
   * Ends the watches of this type, and starts the next one from this version, which is older than
   * the one that the service asks for: the service receives old events again.
   */
  public void rewind(ResourceType<?> type, long version) {
    change(type, behavior -> behavior.restartFrom = OptionalLong.of(version));
    openWatches(type).forEach(OpenWatch::close);
  }

  /** The current state of all types that the service has listed. */
  public Snapshot snapshot() {
    Map<String, byte[]> now = new TreeMap<>();
    lists.forEach((uri, request) -> {
      try {
        now.put(uri, http.send(request, HttpResponse.BodyHandlers.ofByteArray()).body());
      } catch (IOException e) {
        throw new ClusterException("cannot list " + uri, e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    });
    return new Snapshot(now);
  }

  /**
   * Answers lists of this type from an older state until a watch of it starts, so that the service
   * watches from then.
   */
  public void listFrom(Snapshot snapshot, ResourceType<?> type) {
    change(type, behavior -> behavior.oldLists = snapshot.lists());
  }

  /** Whether to answer lists with an internal error. Watches go on. */
  public void refuseLists(boolean refuse) {
    refusesLists = refuse;
  }

  /** How many watches of this type the service has started. */
  public int watches(ResourceType<?> type) {
    lock.lock();
    try {
      return behavior(type.path("")).opened;
    } finally {
      lock.unlock();
    }
  }

  /** The writes of the service that the API server has answered, the oldest first. */
  public List<Write> writes() {
    return List.copyOf(writes);
  }

  /** How many deletions of each path the API server has accepted. */
  public Map<String, Integer> deletions() {
    Map<String, Integer> deletions = new TreeMap<>();
    writes.stream()
        .filter(write -> write.method().equals("DELETE") && write.isAccepted())
        .forEach(write -> deletions.merge(write.path(), 1, Integer::sum));
    return deletions;
  }

  private List<OpenWatch> openWatches(ResourceType<?> type) {
    return open.stream().filter(watch -> watch.path.equals(type.path(""))).toList();
  }

  private void change(ResourceType<?> type, Consumer<Behavior> change) {
    locked(() -> change.accept(behavior(type.path(""))));
  }

  private void locked(Runnable change) {
    lock.lock();
    try {
      change.run();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private Behavior behavior(String path) {
    return behaviors.computeIfAbsent(path, created -> new Behavior());
  }

  private void forward(HttpExchange exchange) throws IOException {
    String method = exchange.getRequestMethod();
    String path = exchange.getRequestURI().getPath();
    String uri = exchange.getRequestURI().toString();
    byte[] body = exchange.getRequestBody().readAllBytes();
    try (exchange) {
      if (uri.contains("watch=true")) {
        watch(exchange, path, request(exchange, fromVersion(path, uri), body));
        return;
      }
      HttpRequest request = request(exchange, uri, body);
      boolean list = method.equals("GET") && uri.contains("limit=");
      if (list && refusesLists) {
        answer(exchange, 500, REFUSED.getBytes(StandardCharsets.UTF_8));
        return;
      }
      if (list) {
        lists.put(uri, request);
        byte[] old = oldList(path, uri);
        if (old.length > 0) {
          answer(exchange, 200, old);
          return;
        }
      }
      HttpResponse<byte[]> response = http.send(request, HttpResponse.BodyHandlers.ofByteArray());
      if (!method.equals("GET") && isRecorded(path)) {
        writes.add(
            new Write(
                method, path, new String(body, StandardCharsets.UTF_8), response.statusCode()));
      }
      copyHeaders(response, exchange);
      exchange.sendResponseHeaders(response.statusCode(), 0);
      exchange.getResponseBody().write(response.body());
      exchange.getResponseBody().close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static boolean isRecorded(String path) {
    return !path.contains("/leases")
        && !path.contains("/events")
        && !path.contains("/selfsubjectaccessreviews");
  }

  private static void answer(HttpExchange exchange, int status, byte[] json) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, json.length);
    exchange.getResponseBody().write(json);
    exchange.getResponseBody().close();
  }

  private HttpRequest request(HttpExchange exchange, String uri, byte[] body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(apiServer + uri))
            .method(
                exchange.getRequestMethod(),
                body.length == 0
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofByteArray(body));
    exchange
        .getRequestHeaders()
        .forEach((name, values) -> {
          if (!NOT_FORWARDED.contains(name.toLowerCase(Locale.ROOT))) {
            values.forEach(value -> request.header(name, value));
          }
        });
    return request.build();
  }

  private static void copyHeaders(HttpResponse<?> response, HttpExchange exchange) {
    for (String name : List.of("Content-Type", "Date")) {
      response
          .headers()
          .firstValue(name)
          .ifPresent(value -> exchange.getResponseHeaders().set(name, value));
    }
  }

  private byte[] oldList(String path, String uri) {
    lock.lock();
    try {
      return behavior(path).oldLists.getOrDefault(uri, new byte[0]);
    } finally {
      lock.unlock();
    }
  }

  /** The URI of a watch that starts, with an older version if {@link #rewind} asks for one. */
  private String fromVersion(String path, String uri) {
    lock.lock();
    try {
      Behavior behavior = behavior(path);
      behavior.opened++;
      behavior.oldLists = Map.of();
      OptionalLong from = behavior.restartFrom;
      behavior.restartFrom = OptionalLong.empty();
      return from.isEmpty()
          ? uri
          : uri.replaceFirst(RESOURCE_VERSION + "=\\d+", RESOURCE_VERSION + "=" + from.getAsLong());
    } finally {
      lock.unlock();
    }
  }

  private void watch(HttpExchange exchange, String path, HttpRequest request)
      throws IOException, InterruptedException {
    HttpResponse<InputStream> response =
        http.send(request, HttpResponse.BodyHandlers.ofInputStream());
    copyHeaders(response, exchange);
    exchange.sendResponseHeaders(response.statusCode(), 0);
    OpenWatch watch = new OpenWatch(path, response.body(), exchange.getResponseBody());
    open.add(watch);
    try {
      watch.copy();
    } finally {
      open.remove(watch);
      watch.close();
    }
  }

  /** A watch of the service. */
  private final class OpenWatch {
    private final String path;
    private final InputStream from;
    private final OutputStream to;
    private boolean closed;

    OpenWatch(String path, InputStream from, OutputStream to) {
      this.path = path;
      this.from = from;
      this.to = to;
    }

    void copy() throws InterruptedException {
      try (BufferedReader events =
          new BufferedReader(new InputStreamReader(from, StandardCharsets.UTF_8))) {
        for (String event = events.readLine(); event != null; event = events.readLine()) {
          if (isDelivered(event)) {
            send(event + "\n");
          }
        }
      } catch (IOException e) {
        // One side has closed the connection.
      }
    }

    /** Waits while the event is delayed. */
    private boolean isDelivered(String event) throws InterruptedException {
      lock.lock();
      try {
        Behavior behavior = behavior(path);
        if (behavior.holdAfter < Long.MAX_VALUE || behavior.drop != Drop.NONE) {
          JsonObject object = JsonParser.parseString(event).getAsJsonObject();
          JsonObject metadata = object.getAsJsonObject("object").getAsJsonObject("metadata");
          if (isDropped(behavior, metadata)) {
            return false;
          }
          long version = metadata.get(RESOURCE_VERSION).getAsLong();
          while (!closed && version > behavior.holdAfter) {
            changed.await();
          }
        }
        while (!closed && holdsAll) {
          changed.await();
        }
        return !closed;
      } finally {
        lock.unlock();
      }
    }

    private static boolean isDropped(Behavior behavior, JsonObject metadata) {
      return switch (behavior.drop) {
        case NONE -> false;
        case FIRST ->
            metadata.has("uid") && behavior.dropped.add(metadata.get("uid").getAsString());
        case ALL -> true;
      };
    }

    private synchronized void send(String text) throws IOException {
      to.write(text.getBytes(StandardCharsets.UTF_8));
      to.flush();
    }

    void expire() {
      try {
        send(EXPIRED);
      } catch (IOException e) {
        // The service has ended the watch itself, and starts another one.
      }
      close();
    }

    void close() {
      locked(() -> closed = true);
      closeQuietly(from);
      closeQuietly(to);
    }

    private static void closeQuietly(AutoCloseable stream) {
      try {
        stream.close();
      } catch (Exception e) {
        // The other side has closed the connection.
      }
    }
  }

  private static SSLContext trusting(String caCertificate)
      throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    store.setCertificateEntry(
        "ca",
        CertificateFactory.getInstance("X.509")
            .generateCertificate(
                new ByteArrayInputStream(Base64.getDecoder().decode(caCertificate))));
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  @Override
  public void close() {
    release();
    server.stop(0);
    http.shutdownNow();
  }
}
