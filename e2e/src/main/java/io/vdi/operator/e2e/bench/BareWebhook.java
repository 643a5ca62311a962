package io.vdi.operator.e2e.bench;

import com.google.gson.JsonParser;
import io.helidon.common.configurable.Resource;
import io.helidon.common.pki.Keys;
import io.helidon.common.tls.Tls;
import io.helidon.webserver.WebServer;
import io.vdi.operator.common.service.BadConfig;
import io.vdi.operator.common.service.ServiceEndpoint;
import java.nio.file.Path;
import java.util.Map;

/**
 * What an admission webhook costs that decides nothing: TLS, HTTP, and the uid back. A process of
 * its own, with the flags of the services.
 */
final class BareWebhook {
  static final String FOLDER = "BENCH_FOLDER";
  static final String PORT = "BENCH_PORT";

  private BareWebhook() {}

  public static void main(String[] args) throws BadConfig {
    Map<String, String> env = System.getenv();
    Path folder = Path.of(env.get(FOLDER));
    Keys keys =
        Keys.builder()
            .pem(pem ->
                pem.key(Resource.create(folder.resolve("tls.key")))
                    .certificates(Resource.create(folder.resolve("tls.crt"))))
            .build();
    WebServer.builder()
        .host("127.0.0.1")
        .port(Integer.parseInt(env.get(PORT)))
        .shutdownHook(false)
        .tls(
            Tls.builder()
                .privateKey(keys.privateKey().orElseThrow())
                .privateKeyCertChain(keys.certChain())
                .build())
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
    ServiceEndpoint.start(
        "127.0.0.1",
        Integer.parseInt(env.get("VDI_SERVER_PORT")),
        new ServiceEndpoint.Health(() -> "", () -> "", () -> ""),
        ServiceEndpoint.meters());
  }
}
