package io.vdi.operator.devcluster.cluster;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.KubeClientFactory;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.devcluster.build.GoPrograms;
import io.vdi.operator.devcluster.operator.Helm;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** A Kubernetes to work against, wherever it comes from: see {@link ClusterProvider}. */
public interface Cluster extends AutoCloseable {
  /** A kubeconfig of an admin. */
  Path kubeconfig();

  /** Ends what this object started; a cluster that was there before stays. */
  @Override
  void close();

  /** A connection as admin. */
  default KubeClient connect() {
    return connect(kubeconfig());
  }

  static KubeClient connect(Path kubeconfig) {
    try {
      return KubeClientFactory.fromKubeconfig(kubeconfig, UnaryOperator.identity());
    } catch (KubeClientFactory.ClusterUnavailableException e) {
      throw new ClusterException(e.getMessage(), e);
    }
  }

  /**
   * A kubeconfig with the token of this service account, which is made if need be: the way to run a
   * service outside the cluster with exactly the rights that it has inside.
   */
  default Path serviceAccountKubeconfig(String namespace, String name, Path file) {
    KubeClient api = connect();
    Manifests.apply(
        api,
        """
        {apiVersion: v1, kind: Namespace, metadata: {name: %1$s}}
        ---
        {apiVersion: v1, kind: ServiceAccount, metadata: {name: %2$s, namespace: %1$s}}
        """
            .formatted(namespace, name));
    JsonObject spec = new JsonObject();
    spec.addProperty("expirationSeconds", 24 * 3600);
    JsonObject request = new JsonObject();
    request.addProperty("apiVersion", "authentication.k8s.io/v1");
    request.addProperty("kind", "TokenRequest");
    request.add("spec", spec);
    ApiResult<JsonObject> answer =
        api.request(
            "POST",
            "/api/v1/namespaces/" + namespace + "/serviceaccounts/" + name + "/token",
            request);
    String token = answer.orElseThrow().getAsJsonObject("status").get("token").getAsString();
    api.close();
    return ClusterCertificateAuthority.writePrivate(file, withToken(kubeconfig(), token));
  }

  private static String withToken(Path adminKubeconfig, String token) {
    try {
      Map<String, Object> config =
          new Yaml(new SafeConstructor(new LoaderOptions()))
              .load(Files.readString(adminKubeconfig));
      JsonObject json = KubeGson.gson().toJsonTree(config).getAsJsonObject();
      JsonObject user = new JsonObject();
      user.addProperty("token", token);
      json.getAsJsonArray("users").get(0).getAsJsonObject().add("user", user);
      return json.toString();
    } catch (IOException e) {
      throw new ClusterException("cannot read " + adminKubeconfig, e);
    }
  }

  /** Adds Traefik's custom resource definitions, as its chart would. */
  default void installTraefikCrds() {
    KubeClient api = connect();
    try {
      Manifests.apply(api, Files.readString(GoPrograms.inDefaultCache().traefikCrds()));
      Manifests.awaitCrds(api, "traefik.io/v1alpha1", List.of("ingressroutes"));
    } catch (IOException e) {
      throw new ClusterException("cannot read Traefik's definitions", e);
    } finally {
      api.close();
    }
  }

  /** Installs the CRDs, and gives this service account the controller's rights. */
  default void install(Path chart, String namespace, String serviceAccount) {
    inChart(
        chart,
        (api, read) -> {
          Manifests.apply(
              api, "{apiVersion: v1, kind: Namespace, metadata: {name: " + namespace + "}}");
          Manifests.apply(api, read.file("templates/crds/vdisessions.yaml"));
          Manifests.apply(api, read.file("templates/crds/vditemplates.yaml"));
          grant(api, read.file("templates/controller-clusterrole.yaml"), namespace, serviceAccount);
          grant(api, read.file("templates/controller-role.yaml"), namespace, serviceAccount);
          Manifests.awaitCrds(api, "vdi.kasm.io/v1alpha1", List.of("vdisessions", "vditemplates"));
        });
  }

  /** Gives this service account the reaper's rights. */
  default void installReaper(Path chart, String namespace, String serviceAccount) {
    inChart(
        chart,
        (api, read) -> {
          grant(api, read.file("templates/reaper-clusterrole.yaml"), namespace, serviceAccount);
          grant(api, read.file("templates/reaper-role.yaml"), namespace, serviceAccount);
        });
  }

  /**
   * Gives this service account the admission webhook's rights, and has the API server ask it.
   *
   * @param url where it answers; inside a cluster that would be its Service
   */
  default void installWebhook(Path chart, String namespace, String serviceAccount, String url) {
    inChart(
        chart,
        (api, read) -> {
          grant(
              api,
              read.file("templates/admission-webhook-clusterrole.yaml"),
              namespace,
              serviceAccount);
          grant(api, read.file("templates/admission-webhook-role.yaml"), namespace, serviceAccount);
          Manifests.apply(
              api,
              Helm.offline()
                  .template(
                      chart,
                      namespace,
                      "--show-only=templates/admission-webhook-configurations.yaml")
                  .replaceAll("service: \\{.*path: (/\\w+),.*\\}", "url: \"" + url + "$1\""));
        });
  }

  /** The API server learns of the webhook's authority a moment after the webhook has told it. */
  default void awaitAdmission() {
    KubeClient api = connect();
    JsonObject template =
        Manifests.parse(
                "{apiVersion: vdi.kasm.io/v1alpha1, kind: VDITemplate, metadata: {name: probe},"
                    + " spec: {image: probe}}")
            .getFirst();
    Progress.await(
        () -> "the API server to trust the admission webhook",
        Duration.ofSeconds(30),
        () ->
            api.request("POST", "/apis/vdi.kasm.io/v1alpha1/vditemplates?dryRun=All", template)
                .ok()
                .isPresent());
    api.close();
  }

  /** Makes a role of the chart, and binds it to a service account. */
  private static void grant(
      KubeClient api, String manifest, String namespace, String serviceAccount) {
    JsonObject role = Manifests.parse(manifest).getFirst();
    Manifests.apply(api, manifest, namespace);
    Manifests.apply(
        api,
        """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: %1$sBinding
        metadata: {name: %2$s}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: %1$s, name: %2$s}
        subjects: [{kind: ServiceAccount, name: %3$s, namespace: %4$s}]
        """
            .formatted(
                role.get("kind").getAsString(),
                role.getAsJsonObject("metadata").get("name").getAsString(),
                serviceAccount,
                namespace),
        namespace);
  }

  /** Reads a file of the chart. */
  interface ChartReader {
    String file(String name) throws IOException;
  }

  /** What is to be done with the files of a chart. */
  interface Installation {
    void with(KubeClient api, ChartReader read) throws IOException;
  }

  private void inChart(Path chart, Installation installation) {
    KubeClient api = connect();
    try {
      installation.with(api, name -> Files.readString(chart.resolve(name)));
    } catch (IOException e) {
      throw new ClusterException("cannot read the chart in " + chart + ": " + e.getMessage(), e);
    } finally {
      api.close();
    }
  }
}
