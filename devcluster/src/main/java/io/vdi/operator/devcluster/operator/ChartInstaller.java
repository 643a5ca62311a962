package io.vdi.operator.devcluster.operator;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Installs what services that run outside the cluster require of the chart: the CRDs, their roles
 * and the webhook configurations. Helm installs the whole chart, see {@link Helm}.
 *
 * @param chart the directory of the chart
 * @param namespace the operator's
 * @param values of the chart, each as {@code key=value}; only roles depend on them here
 */
public record ChartInstaller(Cluster cluster, Path chart, String namespace, List<String> values) {
  private static final Duration ADMISSION = Duration.ofSeconds(30);

  public ChartInstaller(Cluster cluster, Path chart, String namespace) {
    this(cluster, chart, namespace, List.of());
  }

  /** Installs the CRDs and the permissions of the controller's service account. */
  public void installController() {
    withClient(api -> {
      Manifests.apply(
          api, "{apiVersion: v1, kind: Namespace, metadata: {name: " + namespace + "}}");
      Manifests.apply(api, template("crds/vdisessions.yaml"));
      Manifests.apply(api, template("crds/vditemplates.yaml"));
      Manifests.apply(api, template("crds/vdiusages.yaml"));
      grantRoles(api, OperatorService.CONTROLLER);
      Manifests.awaitCrds(
          api, "vdi.kasm.io/v1alpha1", List.of("vdisessions", "vditemplates", "vdiusages"));
    });
  }

  /** Installs the permissions of the reaper's service account. */
  public void installReaper() {
    withClient(api -> grantRoles(api, OperatorService.REAPER));
  }

  /** Installs the permissions of the gate's service account. */
  public void installGate() {
    withClient(api ->
        grantRoles(
            api,
            OperatorService.GATE,
            "gate.enabled=true",
            "gate.publicUrl=https://portal.example.com",
            "gate.oidc.issuer=https://login.example.com",
            "gate.oidc.clientId=vdi-gate"));
  }

  /** Installs the ClusterRoles that an admin binds for users. */
  public void installUserRoles() {
    withClient(api ->
        Manifests.apply(
            api,
            Helm.offline()
                .template(chart, namespace, "--show-only=templates/aggregated-clusterroles.yaml")));
  }

  /**
   * Installs the permissions of the webhook's service account and the webhook configurations.
   *
   * @param url the URL at which the API server calls the webhook, instead of its Service
   */
  public void installWebhook(String url) {
    withClient(api -> {
      grantRoles(api, OperatorService.ADMISSION_WEBHOOK);
      Manifests.apply(
          api,
          Helm.offline()
              .template(
                  chart, namespace, "--show-only=templates/admission-webhook-configurations.yaml")
              .replaceAll("service: \\{.*path: (/\\w+),.*\\}", "url: \"" + url + "$1\"")
              // Two cores run several clusters at the same time, and a JVM that starts is slow.
              .replace("timeoutSeconds: 5", "timeoutSeconds: 20"));
    });
  }

  /** Deletes the webhook configurations, so that changes do not need the webhook any more. */
  public static void uninstallWebhook(KubeClient api) {
    for (String kind : List.of("mutating", "validating")) {
      api.request(
          "DELETE",
          "/apis/admissionregistration.k8s.io/v1/" + kind + "webhookconfigurations/vdi-operator",
          null);
    }
  }

  /**
   * Waits until the API server trusts the admission webhook. It reads the CA from the webhook
   * configuration a moment after the webhook has written it there.
   */
  public static void awaitAdmission(Cluster cluster) {
    JsonObject template =
        Manifests.parse(
                "{apiVersion: vdi.kasm.io/v1alpha1, kind: VDITemplate, metadata: {name: probe},"
                    + " spec: {image: probe}}")
            .getFirst();
    KubeClient api = cluster.connect();
    try {
      Progress.await(
          () -> "the API server to trust the admission webhook",
          ADMISSION,
          () ->
              api.request("POST", "/apis/vdi.kasm.io/v1alpha1/vditemplates?dryRun=All", template)
                  .ok()
                  .isPresent());
    } finally {
      api.close();
    }
  }

  /** The roles of one service and their bindings, as Helm would install them. */
  private void grantRoles(KubeClient api, OperatorService service, String... required) {
    List<String> flags = new ArrayList<>(List.of("--show-only=templates/roles.yaml"));
    Stream.concat(Stream.of(required), values.stream())
        .forEach(value -> flags.add("--set=" + value));
    List<JsonObject> roles =
        Manifests.parse(Helm.offline().template(chart, namespace, flags.toArray(String[]::new)));
    for (JsonObject role : roles) {
      String name = role.getAsJsonObject("metadata").get("name").getAsString();
      if (name.equals(service.account()) || name.equals(service.account() + "-sessions")) {
        Manifests.apply(api, role.toString());
      }
    }
  }

  private String template(String name) {
    Path file = chart.resolve("templates").resolve(name);
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new ClusterException("cannot read " + file + " of the chart", e);
    }
  }

  private void withClient(Consumer<KubeClient> installation) {
    KubeClient api = cluster.connect();
    try {
      installation.accept(api);
    } finally {
      api.close();
    }
  }
}
