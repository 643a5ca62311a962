package io.vdi.operator.e2e.browser;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.vdi.operator.devcluster.cluster.ClusterCertificateAuthority;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.net.ssl.SSLContext;
import okhttp3.Credentials;

/** An HTTPS server on loopback that answers like a router with one desktop behind it. */
final class TestRouter implements AutoCloseable {
  static final String HOST = "alice.vdi.example.com";

  private final HttpsServer server;

  private TestRouter(HttpsServer server) {
    this.server = server;
  }

  /** Creates a certificate for all hosts of the domain, as PEM, and its key beside it. */
  static Path certificate(Path folder) throws IOException {
    ClusterCertificateAuthority.Pair pair =
        new ClusterCertificateAuthority("router")
            .server("router", List.of("*.vdi.example.com"), List.of());
    Files.writeString(folder.resolve("router.key"), pair.key());
    return Files.writeString(folder.resolve("router.crt"), pair.certificate());
  }

  /** Starts the server with the certificate that {@link #certificate} has created in the folder. */
  static TestRouter start(Path folder, String user, String password) throws IOException {
    SSLContext tls =
        new ClusterCertificateAuthority.Pair(
                Files.readString(folder.resolve("router.crt")),
                Files.readString(folder.resolve("router.key")))
            .serverContext();
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

  int port() {
    return server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
