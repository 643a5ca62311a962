package io.vdi.operator.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.kubernetes.client.util.KubeConfig;
import io.vdi.operator.cli.cluster.ClusterAccess;
import io.vdi.operator.common.kube.KubeClientFactory;
import io.vdi.operator.common.kube.KubeGson;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import javax.net.ServerSocketFactory;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import okhttp3.WebSocket;
import okhttp3.WebSocketListener;
import okio.ByteString;
import org.yaml.snakeyaml.Yaml;

/**
 * A cluster of one test: objects of any kind by their path, the server's clock, and ports of pods
 * that are forwarded to local ports. It applies merge patches and deletions, and ignores selectors.
 */
public final class FakeCluster implements AutoCloseable {
  public static final String NAMESPACE = "team-a";
  public static final String OPERATOR_NAMESPACE = "vdi-system";

  private final MockWebServer server = new MockWebServer();
  private final Map<String, JsonElement> objects = new TreeMap<>();
  private final Map<String, Function<JsonObject, MockResponse>> handlers =
      new ConcurrentHashMap<>();
  private final Map<String, Integer> podPorts = new ConcurrentHashMap<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private volatile Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);

  public FakeCluster() {
    server.setDispatcher(
        new Dispatcher() {
          @Override
          public MockResponse dispatch(RecordedRequest request) {
            return answer(request);
          }
        });
    server.setServerSocketFactory(new NoDelaySockets());
    try {
      server.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static String session(String name) {
    return "/apis/vdi.kasm.io/v1alpha1/namespaces/" + NAMESPACE + "/vdisessions/" + name;
  }

  public static String template(String name) {
    return "/apis/vdi.kasm.io/v1alpha1/vditemplates/" + name;
  }

  /** The path of an object of the core API in the namespace of the tests. */
  public static String core(String plural, String name) {
    return "/api/v1/namespaces/" + NAMESPACE + "/" + plural + "/" + name;
  }

  public String url() {
    return "http://127.0.0.1:" + server.getPort();
  }

  /** A kubeconfig for this server, with the namespace of the tests. */
  public String kubeconfig() {
    return """
    apiVersion: v1
    kind: Config
    current-context: here
    contexts: [{name: here, context: {cluster: here, user: me, namespace: %s}}]
    clusters: [{name: here, cluster: {server: "%s"}}]
    users: [{name: me, user: {token: t}}]
    """
        .formatted(NAMESPACE, url());
  }

  public ClusterAccess connect() {
    try {
      return new ClusterAccess(
          KubeClientFactory.of(KubeConfig.loadKubeConfig(new StringReader(kubeconfig()))),
          NAMESPACE,
          OPERATOR_NAMESPACE);
    } catch (KubeClientFactory.ClusterUnavailableException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Sets the server's clock. */
  public FakeCluster time(Instant time) {
    now = time;
    return this;
  }

  public Instant time() {
    return now;
  }

  /** Serves an object. {@code metadata.name} is the last part of the path. */
  public FakeCluster put(String path, String yaml) {
    JsonElement parsed = KubeGson.gson().toJsonTree(new Yaml().<Object>load(yaml));
    JsonObject object = parsed instanceof JsonObject found ? found : new JsonObject();
    if (!object.has("metadata")) {
      object.add("metadata", new JsonObject());
    }
    JsonObject metadata = object.getAsJsonObject("metadata");
    metadata.addProperty("name", path.substring(path.lastIndexOf('/') + 1));
    String[] parts = path.split("/namespaces/", 2);
    if (parts.length > 1) {
      metadata.addProperty("namespace", parts[1].split("/", 2)[0]);
    }
    synchronized (objects) {
      objects.put(path, object);
    }
    return this;
  }

  /** Serves a list that is empty until objects are put below it. */
  public FakeCluster serve(String listPath) {
    return handle("GET " + listPath, body -> json(200, list(listPath)));
  }

  public FakeCluster remove(String path) {
    synchronized (objects) {
      objects.remove(path);
    }
    return this;
  }

  /** The object at a path. */
  public JsonObject get(String path) {
    synchronized (objects) {
      return objects.get(path).getAsJsonObject();
    }
  }

  public boolean has(String path) {
    synchronized (objects) {
      return objects.containsKey(path);
    }
  }

  /** Answers a request with text, such as the log of a pod. */
  public FakeCluster text(String path, String text) {
    return handle("GET " + path, body -> new MockResponse.Builder().body(text).build());
  }

  /** Rejects a request with a Status. */
  public FakeCluster reject(String request, int status, String message) {
    return handle(request, body -> rejection(status, message));
  }

  public static MockResponse rejection(int status, String message) {
    JsonObject object = new JsonObject();
    object.addProperty("kind", "Status");
    object.addProperty("status", "Failure");
    object.addProperty("message", message);
    return json(status, object);
  }

  /** Answers a request, such as {@code POST /apis/…}, with a function of its body. */
  public FakeCluster handle(String request, Function<JsonObject, MockResponse> handler) {
    handlers.put(request, handler);
    return this;
  }

  public static MockResponse json(int status, JsonObject object) {
    return new MockResponse.Builder()
        .code(status)
        .addHeader("Content-Type", "application/json")
        .body(object.toString())
        .build();
  }

  /** Forwards connections to any port of a pod to a local port. */
  public FakeCluster forward(String namespace, String pod, int localPort) {
    podPorts.put("/api/v1/namespaces/" + namespace + "/pods/" + pod + "/portforward", localPort);
    return this;
  }

  /** Every request: method, path and query. */
  public List<String> requests() {
    return List.copyOf(requests);
  }

  private MockResponse answer(RecordedRequest request) {
    requests.add(request.getMethod() + " " + request.getTarget());
    String path = request.getUrl().encodedPath();
    if (podPorts.containsKey(path)) {
      int port = Integer.parseInt(String.valueOf(request.getUrl().queryParameter("ports")));
      return new MockResponse.Builder()
          .webSocketUpgrade(new Forwarding(podPorts.get(path), port))
          .build();
    }
    ByteString body = request.getBody();
    JsonObject content =
        body == null || body.size() == 0
            ? new JsonObject()
            : JsonParser.parseString(body.utf8()).getAsJsonObject();
    MockResponse answer = answer(String.valueOf(request.getMethod()), path, content);
    return answer
        .newBuilder()
        .addHeader(
            "Date", DateTimeFormatter.RFC_1123_DATE_TIME.format(now.atOffset(ZoneOffset.UTC)))
        .build();
  }

  private MockResponse answer(String method, String path, JsonObject body) {
    Function<JsonObject, MockResponse> handler = handlers.get(method + " " + path);
    if (handler != null) {
      return handler.apply(body);
    }
    synchronized (objects) {
      if (!objects.containsKey(path)) {
        JsonObject list = list(path);
        return method.equals("GET") && !list.getAsJsonArray("items").isEmpty()
            ? json(200, list)
            : rejection(404, path + " not found");
      }
      JsonObject object = objects.get(path).getAsJsonObject();
      return switch (method) {
        case "PATCH" -> {
          merge(object, body);
          yield json(200, object);
        }
        case "DELETE" -> {
          objects.remove(path);
          yield json(200, object);
        }
        default -> json(200, object);
      };
    }
  }

  private JsonObject list(String path) {
    JsonArray items = new JsonArray();
    synchronized (objects) {
      objects.forEach((key, object) -> {
        String parent = key.substring(0, key.lastIndexOf('/'));
        if (parent.equals(path) || parent.replaceFirst("/namespaces/[^/]+", "").equals(path)) {
          items.add(object);
        }
      });
    }
    JsonObject metadata = new JsonObject();
    metadata.addProperty("resourceVersion", "1");
    JsonObject list = new JsonObject();
    list.addProperty("kind", "List");
    list.add("metadata", metadata);
    list.add("items", items);
    return list;
  }

  /** RFC 7386. */
  private static void merge(JsonObject target, JsonObject patch) {
    patch
        .entrySet()
        .forEach(entry -> {
          if (entry.getValue() instanceof JsonObject value
              && target.get(entry.getKey()) instanceof JsonObject existing) {
            merge(existing, value);
          } else if (entry.getValue().isJsonNull()) {
            target.remove(entry.getKey());
          } else {
            target.add(entry.getKey(), entry.getValue());
          }
        });
  }

  /** The WebSocket of a port-forward: channel 0 is data, channel 1 errors. */
  private static final class Forwarding extends WebSocketListener {
    private final int localPort;
    private final int port;
    private volatile Socket backend;

    Forwarding(int localPort, int port) {
      this.localPort = localPort;
      this.port = port;
    }

    @Override
    public void onOpen(WebSocket socket, okhttp3.Response response) {
      for (byte channel : new byte[] {0, 1}) {
        socket.send(ByteString.of(channel, (byte) (port & 0xff), (byte) (port >> 8)));
      }
      try {
        backend = new Socket(InetAddress.getLoopbackAddress(), localPort);
        Thread.ofVirtual().start(() -> pump(socket));
      } catch (IOException e) {
        socket.close(1000, "");
      }
    }

    private void pump(WebSocket socket) {
      byte[] buffer = new byte[8192];
      try {
        InputStream in = backend.getInputStream();
        for (int n = in.read(buffer, 1, buffer.length - 1);
            n >= 0;
            n = in.read(buffer, 1, buffer.length - 1)) {
          socket.send(ByteString.of(buffer, 0, n + 1));
        }
      } catch (IOException e) {
        // The connection is closed.
      }
      socket.close(1000, "");
    }

    @Override
    public void onMessage(WebSocket socket, ByteString message) {
      try {
        if (message.getByte(0) == 0) {
          backend.getOutputStream().write(message.substring(1).toByteArray());
          backend.getOutputStream().flush();
        }
      } catch (IOException e) {
        socket.close(1000, "");
      }
    }

    @Override
    public void onClosing(WebSocket socket, int code, String reason) {
      socket.close(1000, "");
    }
  }

  @Override
  public void close() {
    server.close();
  }

  /**
   * MockWebServer sends header and body of an answer as two packets. Without TCP_NODELAY the second
   * one waits for 40 ms, until the client acknowledges the first.
   */
  private static final class NoDelaySockets extends ServerSocketFactory {
    @Override
    public ServerSocket createServerSocket() throws IOException {
      return new ServerSocket() {
        @Override
        public Socket accept() throws IOException {
          Socket accepted = super.accept();
          accepted.setTcpNoDelay(true);
          return accepted;
        }
      };
    }

    @Override
    public ServerSocket createServerSocket(int port) {
      throw new UnsupportedOperationException("MockWebServer binds the socket itself");
    }

    @Override
    public ServerSocket createServerSocket(int port, int backlog) {
      return createServerSocket(port);
    }

    @Override
    public ServerSocket createServerSocket(int port, int backlog, InetAddress address) {
      return createServerSocket(port);
    }
  }
}
