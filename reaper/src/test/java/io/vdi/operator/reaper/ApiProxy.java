package io.vdi.operator.reaper;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.vdi.operator.devcluster.process.ClusterException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Phaser;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * A proxy in front of the API server. It delays watches on request, so that caches become outdated
 * while all other requests work, and it counts deletions.
 */
final class ApiProxy implements AutoCloseable {
  /** Headers of one connection, which a proxy does not forward. */
  private static final List<String> NOT_FORWARDED =
      List.of(
          "host", "connection", "content-length", "accept-encoding", "upgrade", "http2-settings");

  private final HttpServer server;
  private final HttpClient http;
  private final String apiServer;
  private final Path kubeconfig;
  private final AtomicBoolean held = new AtomicBoolean();
  private final Phaser released = new Phaser(1);
  private final Map<String, Integer> deletions = new ConcurrentSkipListMap<>();

  /**
   * @param client a kubeconfig of the API server; {@link #kubeconfig} has the same permissions
   */
  ApiProxy(Path client) {
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
  Path kubeconfig() {
    return kubeconfig;
  }

  /** From now on, watches receive no events. */
  void hold() {
    held.set(true);
  }

  /** Sends the delayed events, and delays no more of them. */
  void release() {
    held.set(false);
    released.arrive();
  }

  /** How many deletions of each path the API server has accepted. */
  Map<String, Integer> deletions() {
    return new TreeMap<>(deletions);
  }

  private void forward(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().toString();
    byte[] body = exchange.getRequestBody().readAllBytes();
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(apiServer + path))
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
    try (exchange) {
      HttpResponse<InputStream> response =
          http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
      if (exchange.getRequestMethod().equals("DELETE") && response.statusCode() < 300) {
        deletions.merge(exchange.getRequestURI().getPath(), 1, Integer::sum);
      }
      response
          .headers()
          .firstValue("Content-Type")
          .ifPresent(type -> exchange.getResponseHeaders().set("Content-Type", type));
      response
          .headers()
          .firstValue("Date")
          .ifPresent(date -> exchange.getResponseHeaders().set("Date", date));
      exchange.sendResponseHeaders(response.statusCode(), 0);
      copy(response.body(), exchange.getResponseBody(), path.contains("watch=true"));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void copy(InputStream from, OutputStream to, boolean watch) throws IOException {
    try (from) {
      byte[] buffer = new byte[64 * 1024];
      for (int n = from.read(buffer); n >= 0; n = from.read(buffer)) {
        for (int phase = released.getPhase(); watch && held.get(); phase = released.getPhase()) {
          released.awaitAdvance(phase);
        }
        to.write(buffer, 0, n);
        to.flush();
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
