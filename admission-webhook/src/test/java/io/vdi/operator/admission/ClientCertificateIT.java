package io.vdi.operator.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import io.vdi.operator.admission.certificates.TlsClient;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.cluster.ClusterCertificateAuthority;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.cluster.SimulatedNodes;
import io.vdi.operator.devcluster.operator.ChartInstaller;
import io.vdi.operator.devcluster.operator.OperatorService;
import io.vdi.operator.devcluster.process.LoopbackPorts;
import io.vdi.operator.devcluster.process.PrivateFile;
import io.vdi.operator.devcluster.testing.RunningService;
import io.vdi.operator.devcluster.testing.ServiceUnderTest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * An API server that authenticates itself to the webhook, with the files of docs/install.md, and
 * clients that do not.
 */
class ClientCertificateIT {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final ClusterCertificateAuthority ca = new ClusterCertificateAuthority("vdi-webhook");
  private final ClusterCertificateAuthority other = new ClusterCertificateAuthority("other");
  private final int port = LoopbackPorts.free(1).getFirst();
  @TempDir private Path folder;

  @Test
  void onlyTheApiServerIsAnswered() throws IOException {
    Path clientCa = folder.resolve("ca.crt");
    Files.writeString(clientCa, ca.certificate());
    try (EmbeddedCluster cluster =
        EmbeddedCluster.start(
            folder.resolve("cluster"),
            new SimulatedNodes.Spec(0, 0, 0),
            List.of("--admission-control-config-file=" + admissionConfiguration()))) {
      ChartInstaller chart =
          new ChartInstaller(cluster, WebhookFleet.CHART, WebhookFleet.NAMESPACE);
      chart.installController();
      chart.installWebhook("https://127.0.0.1:" + port);
      Map<String, String> settings = new HashMap<>(OperatorService.webhookAt(port));
      settings.put("vdiConfig_ADMISSION_CLIENT_CA", clientCa.toString());
      settings.put("vdiConfig_ADMISSION_CLIENT_NAMES", "kube-apiserver");
      ServiceUnderTest service =
          new ServiceUnderTest(OperatorService.ADMISSION_WEBHOOK, AdmissionWebhook.SERVICE)
              .withSettings(settings);
      try (RunningService webhook =
          service.startProcess(service.kubeconfig(cluster), folder, "webhook")) {
        webhook.awaitReady();
        KubeClient api = cluster.connect();
        assertThatOnlyTheApiServerIsAnswered(api, webhook);
        // The CA is replaced: first both are trusted, then only the new one.
        Files.writeString(clientCa, other.certificate());
        await("the former CA to be refused")
            .atMost(PATIENCE)
            .until(() -> request(servingCa(api), ca, "kube-apiserver").equals("refused"));
        assertThat(request(servingCa(api), other, "kube-apiserver")).contains("HTTP/1.1 404");
        // The webhook closes the connections that the API server has open with the former
        // certificate only when they are idle; one that is new fails.
        webhookRefusesTheApiServer(cluster);
        api.close();
      }
    }
  }

  private static void webhookRefusesTheApiServer(EmbeddedCluster cluster) {
    cluster.apiServer().kill();
    cluster.apiServer().restart();
    cluster.awaitReady();
    KubeClient api = cluster.connect();
    await("the API server to be refused")
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(create(api, "LANG").failure())
                .get()
                .matches(failure -> failure.message().contains("remote error: tls")));
    api.close();
  }

  private void assertThatOnlyTheApiServerIsAnswered(KubeClient api, RunningService webhook)
      throws IOException {
    await("the API server to call the webhook")
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(create(api, "LANG").failure()).isEmpty());
    assertThat(create(api, "DISPLAY").failure())
        .get()
        .matches(failure -> failure.message().contains("denied the request"), "is a verdict");
    double before = webhook.metric("vdi_admission_refused_clients_total");
    String serving = servingCa(api);
    assertThat(new TlsClient(serving, Optional.empty()).request(port, "TLSv1.3"))
        .isEqualTo("refused");
    assertThat(request(serving, other, "kube-apiserver")).isEqualTo("refused");
    assertThat(request(serving, ca, "kubelet")).isEqualTo("refused");
    assertThat(webhook.metric("vdi_admission_refused_clients_total")).isEqualTo(before + 3);
    assertThat(request(serving, ca, "kube-apiserver")).contains("HTTP/1.1 404");
    assertThat(webhook.status("/observe/health/ready")).as("other ports are open").isEqualTo(200);
  }

  private String request(String serving, ClusterCertificateAuthority authority, String name)
      throws IOException {
    return new TlsClient(serving, Optional.of(authority.client(name, List.of())))
        .request(port, "TLSv1.3");
  }

  private static String servingCa(KubeClient api) {
    JsonObject data =
        api.request("GET", "/api/v1/namespaces/vdi-system/secrets/vdi-admission-webhook-tls", null)
            .orElseThrow()
            .getAsJsonObject("data");
    return new String(
        Base64.getDecoder().decode(data.get("authority.crt").getAsString()),
        StandardCharsets.UTF_8);
  }

  /** A dry run of a template with a variable, of which the webhook denies some. */
  private static ApiResult<JsonObject> create(KubeClient api, String variable) {
    return api.request(
        "POST",
        "/apis/vdi.kasm.io/v1alpha1/vditemplates?dryRun=All",
        Manifests.parse(
                "{apiVersion: vdi.kasm.io/v1alpha1, kind: VDITemplate, metadata: {name: probe},"
                    + " spec: {image: desktop, env: [{name: %s, value: x}]}}".formatted(variable))
            .getFirst());
  }

  /** The files of docs/install.md; the webhook has an address instead of the name of a Service. */
  private Path admissionConfiguration() {
    ClusterCertificateAuthority.Pair client = ca.client("kube-apiserver", List.of());
    Path kubeconfig =
        PrivateFile.write(
            folder.resolve("webhooks.kubeconfig"),
            """
            apiVersion: v1
            kind: Config
            users:
              - name: 127.0.0.1:%d
                user:
                  client-certificate: %s
                  client-key: %s
            """
                .formatted(
                    port,
                    PrivateFile.write(folder.resolve("client.crt"), client.certificate()),
                    PrivateFile.write(folder.resolve("client.key"), client.key())));
    return PrivateFile.write(
        folder.resolve("admission.yaml"),
        """
        apiVersion: apiserver.config.k8s.io/v1
        kind: AdmissionConfiguration
        plugins:
          - name: MutatingAdmissionWebhook
            configuration:
              apiVersion: apiserver.config.k8s.io/v1
              kind: WebhookAdmissionConfiguration
              kubeConfigFile: %1$s
          - name: ValidatingAdmissionWebhook
            configuration:
              apiVersion: apiserver.config.k8s.io/v1
              kind: WebhookAdmissionConfiguration
              kubeConfigFile: %1$s
        """
            .formatted(kubeconfig));
  }
}
