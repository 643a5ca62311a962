package io.vdi.operator.devcluster.addons;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.cluster.ClusterCertificateAuthority;
import io.vdi.operator.devcluster.cluster.ContainerNode;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.operator.FullCluster;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;

/**
 * Traefik as K3s has it, in namespace kube-system: entry points {@code web} and {@code websecure}
 * on ports 80 and 443 of the node, routes from IngressRoutes. Its certificate is the cluster's own
 * for a whole domain.
 */
public final class RouterAddon {
  private RouterAddon() {}

  /**
   * Deploys it; its image is on the node.
   *
   * @param domain whose hosts the certificate is for
   */
  public static void start(EmbeddedCluster cluster, String domain) {
    ClusterCertificateAuthority.Pair pair =
        cluster.authority().server(domain, List.of("*." + domain), List.of());
    ClusterCertificateAuthority.writePrivate(
        FullCluster.routerCertificate(cluster.folder()), pair.certificate());
    KubeClient api = cluster.connect();
    Manifests.apply(
        api,
        """
        apiVersion: v1
        kind: Secret
        metadata: {name: router-certificate, namespace: kube-system}
        type: kubernetes.io/tls
        data: {tls.crt: %s, tls.key: %s}
        ---
        apiVersion: traefik.io/v1alpha1
        kind: TLSStore
        metadata: {name: default, namespace: kube-system}
        spec: {defaultCertificate: {secretName: router-certificate}}
        ---
        apiVersion: v1
        kind: ServiceAccount
        metadata: {name: traefik, namespace: kube-system}
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata: {name: traefik}
        rules:
          - {apiGroups: [""], resources: [configmaps, services, secrets, nodes], verbs: [get, list, watch]}
          - {apiGroups: [discovery.k8s.io], resources: [endpointslices], verbs: [list, watch]}
          - {apiGroups: [traefik.io], resources: ["*"], verbs: [get, list, watch]}
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata: {name: traefik}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: traefik}
        subjects: [{kind: ServiceAccount, name: traefik, namespace: kube-system}]
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: traefik
          namespace: kube-system
          labels: {app.kubernetes.io/name: traefik}
        spec:
          strategy: {type: Recreate}
          selector: {matchLabels: {app.kubernetes.io/name: traefik}}
          template:
            metadata:
              labels: {app.kubernetes.io/name: traefik}
            spec:
              serviceAccountName: traefik
              hostNetwork: true
              priorityClassName: system-cluster-critical
              nodeSelector: {kubernetes.io/hostname: %s}
              terminationGracePeriodSeconds: 0
              containers:
                - name: traefik
                  image: %s
                  imagePullPolicy: Never
                  args:
                    - --entrypoints.web.address=:80
                    - --entrypoints.websecure.address=:443
                    - --entrypoints.websecure.http.tls=true
                    - --providers.kubernetescrd=true
                    - --global.checknewversion=false
                    - --global.sendanonymoususage=false
                    - --log.level=INFO
                  readinessProbe: {tcpSocket: {port: 443}, periodSeconds: 1}
        """
            .formatted(
                base64(pair.certificate()),
                base64(pair.key()),
                ContainerNode.NAME,
                FullCluster.ROUTER));
    api.close();
  }

  private static String base64(String pem) {
    return Base64.getEncoder().encodeToString(pem.getBytes(StandardCharsets.UTF_8));
  }
}
