package io.vdi.operator.e2e.browser;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.vdi.operator.devcluster.process.Command;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.List;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import okhttp3.Credentials;

/** An HTTPS server on loopback that answers like a router with one desktop behind it. */
final class TestRouter implements AutoCloseable {
  static final String HOST = "alice.vdi.example.com";

  private final HttpsServer server;

  private TestRouter(HttpsServer server) {
    this.server = server;
  }

  /** Creates a self-signed certificate for all hosts of the domain, as PEM. */
  static Path certificate(Path folder) {
    keytool(
        folder,
        "-genkeypair -alias router -keyalg EC -dname CN=router -ext san=dns:*.vdi.example.com");
    keytool(folder, "-exportcert -rfc -alias router -file " + folder.resolve("router.crt"));
    return folder.resolve("router.crt");
  }

  /** Starts the server with the certificate that {@link #certificate} has created in the folder. */
  static TestRouter start(Path folder, String user, String password)
      throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(folder.resolve("keys.p12"))) {
      store.load(in, "changeit".toCharArray());
    }
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, "changeit".toCharArray());
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(keys.getKeyManagers(), null, null);
    HttpsServer server =
        HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(tls));
    server.createContext(
        "/",
        exchange -> {
          String authorization = exchange.getRequestHeaders().getFirst("Authorization");
          boolean known = Credentials.basic(user, password).equals(authorization);
          exchange.sendResponseHeaders(known ? 200 : 401, -1);
          exchange.close();
        });
    server.start();
    return new TestRouter(server);
  }

  private static void keytool(Path folder, String arguments) {
    String keytool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
    Command.run(
        List.of(
            "sh",
            "-c",
            keytool
                + " "
                + arguments
                + " -storetype PKCS12 -storepass changeit -keystore "
                + folder.resolve("keys.p12")),
        Map.of());
  }

  int port() {
    return server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
