package io.vdi.operator.gate;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.testing.FakeApiServer;
import io.vdi.operator.devcluster.operator.ServicePages;
import io.vdi.operator.gate.signin.TestProvider;
import io.vdi.operator.runtime.Service;
import io.vdi.operator.runtime.ServiceDefinition;
import io.vdi.operator.runtime.ServiceRuntime;
import io.vdi.operator.runtime.config.ConfigLoader;
import io.vdi.operator.runtime.config.InvalidConfigException;
import io.vdi.operator.runtime.leader.LeaseHolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import okhttp3.Credentials;
import okhttp3.FormBody;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import org.awaitility.Awaitility;

/** A whole gate on ports of its own. {@link Browser} talks to it as browser and as router. */
final class TestGate implements AutoCloseable {
  static final String PORTAL = "https://portal.example.com";

  private final ServiceRuntime<GateConfig> runtime;
  private final AtomicReference<Gate> gate = new AtomicReference<>();
  private final Thread thread;

  TestGate(FakeApiServer server, String issuer, Map<String, String> settings)
      throws InvalidConfigException {
    this(server.client(), issuer, settings);
  }

  TestGate(KubeClient api, String issuer, Map<String, String> settings)
      throws InvalidConfigException {
    Map<String, String> environment = new HashMap<>();
    environment.put("vdiConfig_NAMESPACE", "vdi");
    environment.put("vdiConfig_GATE_PUBLIC_URL", PORTAL);
    environment.put("vdiConfig_GATE_OIDC_ISSUER", issuer);
    environment.put("vdiConfig_GATE_OIDC_CLIENT_ID", TestProvider.CLIENT);
    environment.put("vdiConfig_GATE_HOST", "127.0.0.1");
    environment.put("vdiConfig_GATE_PORT", "0");
    environment.put("vdiConfig_GATE_FORWARD_PORT", "0");
    environment.put("vdiConfig_GATE_DRAIN_PERIOD", "0");
    environment.put("vdiConfig_SERVER_PORT", "0");
    environment.put("vdiConfig_IDENTITY_ADMIN_GROUPS", "admins");
    environment.putAll(settings);
    ServiceDefinition<GateConfig> definition =
        new ServiceDefinition<>(
            "gate",
            GateConfig::from,
            Map.of(),
            context -> {
              Service created = Gate.SERVICE.factory().create(context);
              gate.set((Gate) created);
              return created;
            });
    runtime =
        new ServiceRuntime<>(
            definition,
            api,
            new ConfigLoader(Optional.empty(), environment),
            LeaseHolder.ofProcess(environment),
            InstantSource.system());
    thread =
        Thread.ofVirtual()
            .start(() -> {
              try {
                runtime.run();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> gate.get().ports().isPresent());
    Awaitility.await().until(() -> runtime.readinessError().isEmpty());
  }

  /** A fake API server that serves the CRDs. */
  static FakeApiServer apiServer() {
    FakeApiServer server = FakeApiServer.start();
    serveCrds(server);
    return server;
  }

  static void serveCrds(FakeApiServer server) {
    server.respond(
        request -> request.path().equals("/apis/vdi.kasm.io/v1alpha1"),
        200,
        "{\"resources\": [{\"name\": \"vdisessions\"}, {\"name\": \"vditemplates\"}]}");
  }

  /** Creates the session of a user of the same name. */
  static void session(FakeApiServer server, String name, String uid) {
    session(server, name, uid, name, "base");
  }

  /** Creates a session with its Secret, whose password is the session's name. */
  static void session(FakeApiServer server, String name, String uid, String user, String template) {
    session(server, name, uid, user, template, "Running");
  }

  /** The same in another phase. */
  static void session(
      FakeApiServer server, String name, String uid, String user, String template, String phase) {
    server.put(
        ResourceType.SESSION,
        """
        {metadata: {name: %1$s, namespace: desks, uid: %2$s},
         spec: {user: %3$s@example.com, template: %4$s},
         status: {phase: %5$s, url: 'https://%1$s.example.com'}}
        """
            .formatted(name, uid, user, template, phase));
    server.put(
        ResourceType.SECRET,
        """
        {metadata: {name: vdi-auth-%s, namespace: desks, ownerReferences: [{uid: %s}]},
         data: {password: '%s'}}
        """
            .formatted(
                name,
                uid,
                Base64.getEncoder().encodeToString(name.getBytes(StandardCharsets.UTF_8))));
  }

  Gate gate() {
    return gate.get();
  }

  int portalPort() {
    return gate.get().ports().orElseThrow().getFirst();
  }

  int forwardPort() {
    return gate.get().ports().orElseThrow().getLast();
  }

  /** A page of the port of health and metrics. */
  String observe(String path) {
    return ServicePages.get(runtime.port(), path).orElseThrow().body();
  }

  /** The sum of a metric over its labels. */
  double metric(String name) {
    return ServicePages.sum(observe("/observe/metrics"), name);
  }

  /** Waits until the gate knows the desktop at this host. */
  void awaitDesktop(String host) {
    try (Browser visitor = new Browser()) {
      Awaitility.await().until(() -> visitor.navigate(host, "/").status() == 303);
    }
  }

  /** The header that opens a desktop with this password. */
  static String basic(String password) {
    return Credentials.basic("ubuntu", password);
  }

  @Override
  public void close() {
    runtime.close();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Status, location and body of an answer. */
  record Answer(int status, Map<String, List<String>> headers, String body) {
    Optional<String> header(String name) {
      return headers.getOrDefault(name.toLowerCase(Locale.ROOT), List.of()).stream().findFirst();
    }

    /** The address of a redirect; fails with the whole answer if it is not one. */
    String location() {
      return header("Location")
          .orElseThrow(
              () -> new AssertionError("not a redirect: " + status + " " + headers + "\n" + body));
    }
  }

  /**
   * A browser with cookies by host. It reaches the portal directly, and desktops as Traefik does:
   * by asking forward-auth, and passing a denial on to the browser.
   */
  final class Browser implements AutoCloseable {
    private final OkHttpClient http =
        new OkHttpClient.Builder().followRedirects(false).followSslRedirects(false).build();
    private final Map<String, Map<String, String>> cookies = new HashMap<>();

    Map<String, String> cookies(String host) {
      return cookies.computeIfAbsent(host, key -> new LinkedHashMap<>());
    }

    /** A page of the portal. */
    Answer portal(String path, String... headers) {
      return send(
          "portal.example.com",
          with(new Request.Builder().url("http://127.0.0.1:" + portalPort() + path), headers));
    }

    Answer post(String path, Map<String, String> form, String... headers) {
      FormBody.Builder body = new FormBody.Builder();
      form.forEach(body::add);
      RequestBody built = body.build();
      return send(
          "portal.example.com",
          with(
              new Request.Builder().url("http://127.0.0.1:" + portalPort() + path).post(built),
              headers));
    }

    /** The router's question about a request to a desktop. */
    Answer desktop(String host, String uri, String... headers) {
      return send(
          host,
          with(
              new Request.Builder()
                  .url("http://127.0.0.1:" + forwardPort() + "/forward-auth")
                  .header("X-Forwarded-Host", host)
                  .header("X-Forwarded-Uri", uri)
                  .header("X-Forwarded-Method", "GET")
                  .header("X-Forwarded-Proto", "https"),
              headers));
    }

    /**
     * The same behind ingress-nginx: a page that is refused with 401 leads to a page of the gate.
     */
    Answer behindNginx(String host, String uri, String... headers) {
      Answer answer = nginx(host, "GET", uri, headers);
      return answer.status() == 401
          ? page(host, "/.vdi/open?rd=" + URLEncoder.encode(uri, StandardCharsets.UTF_8), headers)
          : answer;
    }

    /** The question of ingress-nginx about a request to a desktop. */
    Answer nginx(String host, String method, String uri, String... headers) {
      return send(
          host,
          with(
              new Request.Builder()
                  .url(
                      "http://127.0.0.1:%d/forward-auth/nginx?host=%s&method=%s&uri=%s"
                          .formatted(
                              forwardPort(),
                              host,
                              method,
                              URLEncoder.encode(uri, StandardCharsets.UTF_8))),
              headers));
    }

    /** A page of the gate on the host of a desktop. */
    Answer page(String host, String uri, String... headers) {
      return send(
          host,
          with(
              new Request.Builder()
                  .url("http://127.0.0.1:" + forwardPort() + uri)
                  .header("Host", host),
              headers));
    }

    Answer navigate(String host, String uri) {
      return desktop(host, uri, "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document");
    }

    Answer webSocket(String host) {
      return desktop(
          host, "/api/websockets", "Sec-WebSocket-Key", "x", "Origin", "https://" + host);
    }

    /** Signs in and returns the page to which the sign-in leads. */
    Answer signIn(TestProvider provider, String to) {
      Answer begin = portal(to);
      URI url = URI.create(begin.location());
      Map<String, String> query = query(url.getRawQuery());
      provider.nonce(query.get("nonce"));
      return portal("/signin/callback?code=c&state=" + query.get("state"));
    }

    /** What the portal answers when a page of a desktop leads there. */
    Answer portalFrom(String host, String uri) {
      return portal(path(navigate(host, uri).location()));
    }

    /** The same with a sign-in; returns the path in the portal to which that leads. */
    String signInFrom(TestProvider provider, String host, String uri) {
      return signIn(provider, portalFrom(host, uri).location()).location();
    }

    /** Opens a desktop with the ticket in the portal's answer. */
    Answer take(String host, Answer ticket) {
      return navigate(host, path(ticket.location()));
    }

    /** The whole way from a desktop's address to the cookie of the desktop. */
    Answer open(TestProvider provider, String host) {
      Answer ticket = portal(signInFrom(provider, host, "/"));
      assertThat(ticket.status()).as(ticket.body()).isEqualTo(303);
      return take(host, ticket);
    }

    private Request with(Request.Builder request, String... headers) {
      for (int i = 0; i < headers.length; i += 2) {
        request.addHeader(headers[i], headers[i + 1]);
      }
      return request.build();
    }

    private Answer send(String host, Request request) {
      Map<String, String> jar = cookies(host);
      Request.Builder complete = request.newBuilder();
      if (!jar.isEmpty()) {
        StringBuilder header = new StringBuilder();
        jar.forEach((name, value) -> header.append(name).append('=').append(value).append("; "));
        complete.addHeader("Cookie", header.substring(0, header.length() - 2));
      }
      try (Response response = http.newCall(complete.build()).execute()) {
        for (String cookie : response.headers("Set-Cookie")) {
          assertThat(cookie).startsWith("__Host-").contains("; Secure; HttpOnly; SameSite=Lax");
          String pair = cookie.substring(0, cookie.indexOf(';'));
          String name = pair.substring(0, pair.indexOf('='));
          if (cookie.contains("Max-Age=0;")) {
            jar.remove(name);
          } else {
            jar.put(name, pair.substring(pair.indexOf('=') + 1));
          }
        }
        return new Answer(
            response.code(), response.headers().toMultimap(), response.body().string());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void close() {
      http.dispatcher().executorService().shutdown();
      http.connectionPool().evictAll();
    }
  }

  static String path(String url) {
    URI uri = URI.create(url);
    return uri.getRawPath() + (uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery());
  }

  static Map<String, String> query(String raw) {
    Map<String, String> query = new HashMap<>();
    for (String pair : raw.split("&", -1)) {
      query.put(pair.substring(0, pair.indexOf('=')), pair.substring(pair.indexOf('=') + 1));
    }
    return query;
  }
}
