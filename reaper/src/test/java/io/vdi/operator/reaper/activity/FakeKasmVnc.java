package io.vdi.operator.reaper.activity;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * A server that answers as KasmVNC does: HTTPS with a certificate that it made for itself, basic
 * authentication on every path, and {@code GET /api/get_bottleneck_stats} for the owner.
 */
final class FakeKasmVnc implements AutoCloseable {
  private static final char[] PASSWORD = "changeit".toCharArray();

  private final HttpsServer server;
  private volatile int connected;

  FakeKasmVnc(Path folder, String user, String password) {
    String authorization =
        "Basic "
            + Base64.getEncoder()
                .encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
    try {
      server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.setHttpsConfigurator(new HttpsConfigurator(tls(selfSigned(folder))));
      server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
      server.createContext(
          "/",
          exchange -> {
            boolean authorized =
                authorization.equals(exchange.getRequestHeaders().getFirst("Authorization"));
            boolean stats = exchange.getRequestURI().getPath().equals("/api/get_bottleneck_stats");
            byte[] body = (authorized && stats ? stats() : "").getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().add("Content-type", "text/plain");
            exchange.getResponseHeaders().add("WWW-Authenticate", "Basic realm=\"Websockify\"");
            exchange.sendResponseHeaders(
                authorized ? 200 : 401, body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
          });
      server.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  int port() {
    return server.getAddress().getPort();
  }

  void connect(int clients) {
    connected = clients;
  }

  /** As GetAPIMessager::netGetBottleneckStats prints it; a client without a frame has no number. */
  private String stats() {
    return connected == 0
        ? "{\n}\n"
        : IntStream.range(0, connected)
            .mapToObj(
                "\t\t\"10.0.0.%d_1627311208.791752::websocket\": [ nan, 10.0, nan, 10.0 ]"
                    ::formatted)
            .collect(Collectors.joining(",\n", "{\n\t\"kasm_user\": {\n", "\n\t}\n}\n"));
  }

  private static SSLContext tls(KeyStore keys) throws GeneralSecurityException {
    KeyManagerFactory factory = KeyManagerFactory.getInstance("PKIX");
    factory.init(keys, PASSWORD);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(factory.getKeyManagers(), null, null);
    return context;
  }

  private static KeyStore selfSigned(Path folder) throws IOException, GeneralSecurityException {
    Path file = folder.resolve("self.p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                "kasm",
                "-keyalg",
                "EC",
                "-dname",
                "CN=kasm, OU=DoFu",
                "-storetype",
                "PKCS12",
                "-keystore",
                file.toString(),
                "-storepass",
                String.valueOf(PASSWORD))
            .redirectErrorStream(true)
            .start();
    String output = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!Files.exists(file)) {
      throw new IllegalStateException(output);
    }
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      keys.load(in, PASSWORD);
    }
    return keys;
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
