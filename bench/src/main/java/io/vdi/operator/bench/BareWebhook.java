package io.vdi.operator.bench;

import com.google.gson.JsonParser;
import io.helidon.common.tls.Tls;
import io.helidon.webserver.WebServer;
import io.vdi.operator.devcluster.cluster.ClusterCertificateAuthority;
import io.vdi.operator.runtime.ObserveServer;
import io.vdi.operator.runtime.config.InvalidConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLContext;

/**
 * An admission webhook that allows everything: it measures what TLS, HTTP and returning the uid
 * cost. It runs in its own process with the JVM flags of the services.
 */
public final class BareWebhook {
  static final String FOLDER = "BENCH_FOLDER";
  static final String PORT = "BENCH_PORT";

  private BareWebhook() {}

  /** Starts the servers; they run until the process is killed. */
  public static void main(String[] args) throws InvalidConfigException {
    Map<String, String> env = System.getenv();
    Path folder = Path.of(env.get(FOLDER));
    WebServer.builder()
        .host("127.0.0.1")
        .port(Integer.parseInt(env.get(PORT)))
        .shutdownHook(false)
        .tls(Tls.builder().sslContext(context(folder)).build())
        .routing(routing ->
            routing.post(
                "/allow",
                (request, response) -> {
                  String uid =
                      JsonParser.parseString(request.content().as(String.class))
                          .getAsJsonObject()
                          .getAsJsonObject("request")
                          .get("uid")
                          .getAsString();
                  response.send(
                      """
                      {"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview",\
                      "response":{"uid":"%s","allowed":true}}\
                      """
                          .formatted(uid));
                }))
        .build()
        .start();
    ObserveServer.start(
        "127.0.0.1",
        Integer.parseInt(env.get("vdiConfig_SERVER_PORT")),
        new ObserveServer.HealthSources(Optional::empty, Optional::empty, Optional::empty),
        ObserveServer.meters(),
        routing -> {});
  }

  private static SSLContext context(Path folder) {
    try {
      return new ClusterCertificateAuthority.Pair(
              Files.readString(folder.resolve("tls.crt")),
              Files.readString(folder.resolve("tls.key")))
          .serverContext();
    } catch (IOException e) {
      throw new IllegalStateException("cannot read the certificate", e);
    }
  }
}
