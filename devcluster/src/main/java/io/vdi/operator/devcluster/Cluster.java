package io.vdi.operator.devcluster;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.ClusterConnection;
import io.vdi.operator.common.kube.KubeApi;
import io.vdi.operator.common.kube.KubeGson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** A Kubernetes to work against, wherever it comes from: see {@link Clusters}. */
public interface Cluster extends AutoCloseable {
  /** A kubeconfig of an admin. */
  Path kubeconfig();

  /** Ends what this object started; a cluster that was there before stays. */
  @Override
  void close();

  /** A connection as admin. */
  default KubeApi connect() {
    return connect(kubeconfig());
  }

  static KubeApi connect(Path kubeconfig) {
    try {
      return ClusterConnection.fromKubeconfig(kubeconfig, UnaryOperator.identity());
    } catch (ClusterConnection.Unusable e) {
      throw new ClusterException(e.getMessage(), e);
    }
  }

  /**
   * A kubeconfig with the token of this service account, which is made if need be: the way to run a
   * service outside the cluster with exactly the rights that it has inside.
   */
  default Path serviceAccountKubeconfig(String namespace, String name, Path file) {
    KubeApi api = connect();
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
        api.raw(
            "POST",
            "/api/v1/namespaces/" + namespace + "/serviceaccounts/" + name + "/token",
            request);
    String token = answer.orElseThrow().getAsJsonObject("status").get("token").getAsString();
    api.close();
    return Authority.writePrivate(file, withToken(kubeconfig(), token));
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
  default void installTraefikDefinitions() {
    KubeApi api = connect();
    try {
      Manifests.apply(api, Files.readString(GoPrograms.inDefaultCache().traefikDefinitions()));
      Manifests.awaitDefinitions(api, "traefik.io/v1alpha1", List.of("ingressroutes"));
    } catch (IOException e) {
      throw new ClusterException("cannot read Traefik's definitions", e);
    } finally {
      api.close();
    }
  }

  /** Installs what the operator needs: its CRDs, its role for this service account. */
  default void install(Path chart, String namespace, String serviceAccount) {
    KubeApi api = connect();
    try {
      Manifests.apply(
          api, "{apiVersion: v1, kind: Namespace, metadata: {name: " + namespace + "}}");
      for (String file :
          List.of(
              "crds/vdisessions.yaml",
              "crds/vditemplates.yaml",
              "templates/controller-clusterrole.yaml")) {
        Manifests.apply(api, Files.readString(chart.resolve(file)));
      }
      Manifests.apply(
          api, Files.readString(chart.resolve("templates/controller-leader-role.yaml")), namespace);
      Manifests.apply(
          api,
          """
          apiVersion: rbac.authorization.k8s.io/v1
          kind: ClusterRoleBinding
          metadata: {name: %1$s}
          roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: vdi-controller}
          subjects: [{kind: ServiceAccount, name: %2$s, namespace: %1$s}]
          ---
          apiVersion: rbac.authorization.k8s.io/v1
          kind: RoleBinding
          metadata: {name: vdi-controller-leader, namespace: %1$s}
          roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: vdi-controller-leader}
          subjects: [{kind: ServiceAccount, name: %2$s, namespace: %1$s}]
          """
              .formatted(namespace, serviceAccount));
      Manifests.awaitDefinitions(
          api, "vdi.kasm.io/v1alpha1", List.of("vdisessions", "vditemplates"));
    } catch (IOException e) {
      throw new ClusterException("cannot read the chart in " + chart + ": " + e.getMessage(), e);
    } finally {
      api.close();
    }
  }

  /**
   * Installs the admission webhook's rights, and has the API server ask it.
   *
   * @param url where it answers; inside a cluster that would be its Service
   */
  default void installWebhook(Path chart, String namespace, String serviceAccount, String url) {
    KubeApi api = connect();
    try {
      Manifests.apply(
          api, Files.readString(chart.resolve("templates/admission-webhook-clusterrole.yaml")));
      Manifests.apply(
          api, Files.readString(chart.resolve("templates/admission-webhook-role.yaml")), namespace);
      Manifests.apply(
          api,
          """
          apiVersion: rbac.authorization.k8s.io/v1
          kind: ClusterRoleBinding
          metadata: {name: vdi-admission-webhook}
          roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: vdi-admission-webhook}
          subjects: [{kind: ServiceAccount, name: %2$s, namespace: %1$s}]
          ---
          apiVersion: rbac.authorization.k8s.io/v1
          kind: RoleBinding
          metadata: {name: vdi-admission-webhook, namespace: %1$s}
          roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: vdi-admission-webhook}
          subjects: [{kind: ServiceAccount, name: %2$s, namespace: %1$s}]
          """
              .formatted(namespace, serviceAccount));
      String configurations =
          Files.readString(chart.resolve("templates/admission-webhook-configurations.yaml"));
      Manifests.apply(
          api,
          configurations.replaceAll("service: \\{.*path: (/\\w+),.*\\}", "url: \"" + url + "$1\""));
    } catch (IOException e) {
      throw new ClusterException("cannot read the chart in " + chart + ": " + e.getMessage(), e);
    } finally {
      api.close();
    }
  }
}
