package io.vdi.operator.devcluster.cluster;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.KubeClient;
import java.time.Duration;

/** Tokens of service accounts, for programs that run outside the cluster. */
final class ServiceAccountToken {
  private static final Duration LIFETIME = Duration.ofHours(24);

  private ServiceAccountToken() {}

  /** Creates the namespace and the service account if they are missing, and issues a token. */
  static String issue(KubeClient api, String namespace, String name) {
    Manifests.apply(
        api,
        """
        {apiVersion: v1, kind: Namespace, metadata: {name: %1$s}}
        ---
        {apiVersion: v1, kind: ServiceAccount, metadata: {name: %2$s, namespace: %1$s}}
        """
            .formatted(namespace, name));
    JsonObject request =
        Manifests.parse(
                """
                apiVersion: authentication.k8s.io/v1
                kind: TokenRequest
                spec: {expirationSeconds: %d}
                """
                    .formatted(LIFETIME.toSeconds()))
            .getFirst();
    return api.request(
            "POST",
            "/api/v1/namespaces/" + namespace + "/serviceaccounts/" + name + "/token",
            request)
        .orElseThrow()
        .getAsJsonObject("status")
        .get("token")
        .getAsString();
  }
}
