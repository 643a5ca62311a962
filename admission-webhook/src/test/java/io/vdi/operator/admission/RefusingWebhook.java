package io.vdi.operator.admission;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.helidon.webserver.WebServer;
import io.vdi.operator.admission.certificates.TestCertificate;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.cluster.Manifests;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.concurrent.atomic.AtomicInteger;

/** A validating webhook of another project, which denies every n-th session that is created. */
final class RefusingWebhook implements AutoCloseable {
  private static final String PATH =
      "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/third";

  private final KubeClient api;
  private final WebServer server;
  private final AtomicInteger requests = new AtomicInteger();
  private final AtomicInteger denied = new AtomicInteger();

  RefusingWebhook(KubeClient api, int nth) {
    this.api = api;
    TestCertificate certificate = TestCertificate.forLoopback();
    this.server =
        WebServer.builder()
            .host("127.0.0.1")
            .port(0)
            .shutdownHook(false)
            .tls(certificate.tls())
            .routing(routing ->
                routing.post(
                    "/",
                    (request, response) -> {
                      JsonObject review =
                          JsonParser.parseString(request.content().as(String.class))
                              .getAsJsonObject();
                      boolean allowed = requests.incrementAndGet() % nth != 0;
                      if (!allowed) {
                        denied.incrementAndGet();
                      }
                      response.send(
                          """
                          {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
                           "response": {"uid": "%s", "allowed": %s}}
                          """
                              .formatted(
                                  review.getAsJsonObject("request").get("uid").getAsString(),
                                  allowed));
                    }))
            .build()
            .start();
    Manifests.apply(
        api,
        """
        apiVersion: admissionregistration.k8s.io/v1
        kind: ValidatingWebhookConfiguration
        metadata: {name: third}
        webhooks:
          - name: third.example.com
            admissionReviewVersions: [v1]
            clientConfig: {url: "https://127.0.0.1:%d/", caBundle: %s}
            rules: [{apiGroups: [vdi.kasm.io], apiVersions: [v1alpha1], operations: [CREATE],
              resources: [vdisessions]}]
            sideEffects: None
        """
            .formatted(
                server.port(),
                Base64.getEncoder()
                    .encodeToString(certificate.ca().getBytes(StandardCharsets.UTF_8))));
  }

  int denied() {
    return denied.get();
  }

  @Override
  public void close() {
    api.request("DELETE", PATH, null);
    server.stop();
  }
}
