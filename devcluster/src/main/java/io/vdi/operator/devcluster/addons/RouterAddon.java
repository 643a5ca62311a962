package io.vdi.operator.devcluster.addons;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.build.GoPrograms;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.ClusterCertificateAuthority;
import io.vdi.operator.devcluster.cluster.ContainerNode;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.PrivateFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;

/**
 * Traefik in namespace kube-system, as in K3s: entry points {@code web} and {@code websecure} on
 * ports 80 and 443 of the node, routes from IngressRoutes, and a wildcard certificate of the
 * cluster's CA.
 */
public final class RouterAddon {
  /** The name of Traefik's image. */
  public static final String IMAGE = "localhost/vdi-devcluster/traefik:1";

  /** The Gateway of {@link #startGateway}, in namespace kube-system. */
  public static final String GATEWAY = "desktops";

  private RouterAddon() {}

  /** The file with the router's certificate, which clients must trust. */
  public static Path certificate(Path clusterFolder) {
    return clusterFolder.resolve("router.crt");
  }

  /** Installs Traefik's CRDs and waits until the API server serves them. */
  public static void installCrds(Cluster cluster) {
    install(
        cluster,
        GoPrograms.inDefaultCache().traefikCrds(),
        "traefik.io/v1alpha1",
        List.of("ingressroutes", "middlewares", "serverstransports"));
  }

  /** Installs the CRDs of the Gateway API and waits until the API server serves them. */
  public static void installGatewayCrds(Cluster cluster) {
    install(
        cluster,
        GoPrograms.inDefaultCache().gatewayCrds(),
        "gateway.networking.k8s.io/v1",
        List.of("gatewayclasses", "gateways", "httproutes"));
  }

  private static void install(
      Cluster cluster, Path crds, String groupVersion, List<String> resources) {
    KubeClient api = cluster.connect();
    try {
      Manifests.apply(api, Files.readString(crds));
      Manifests.awaitCrds(api, groupVersion, resources);
    } catch (IOException e) {
      throw new ClusterException("cannot read " + crds, e);
    } finally {
      api.close();
    }
  }

  /**
   * Deploys Traefik. Requires its CRDs in the cluster and its image on the node.
   *
   * @param domain the certificate is for all hosts directly below it
   */
  public static void start(EmbeddedCluster cluster, String domain) {
    ClusterCertificateAuthority.Pair pair =
        cluster.authority().server(domain, List.of("*." + domain), List.of());
    PrivateFile.write(certificate(cluster.folder()), pair.certificate());
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
          # For the other providers, which are off unless an argument turns them on.
          - {apiGroups: [""], resources: [namespaces], verbs: [list, watch]}
          - {apiGroups: [gateway.networking.k8s.io], resources: ["*"], verbs: [get, list, watch]}
          - apiGroups: [gateway.networking.k8s.io]
            resources: [gatewayclasses/status, gateways/status, httproutes/status]
            verbs: [update]
          - apiGroups: [networking.k8s.io]
            resources: [ingresses, ingressclasses]
            verbs: [get, list, watch]
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
              # Resolves the name of the gate.
              dnsPolicy: ClusterFirstWithHostNet
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
                    # As Traefik's Helm chart does: the gate answers for desktops that sleep.
                    - --providers.kubernetescrd.allowemptyservices=true
                    - --global.checknewversion=false
                    - --global.sendanonymoususage=false
                    - --log.level=INFO
                  readinessProbe: {tcpSocket: {port: 443}, periodSeconds: 1}
        """
            .formatted(base64(pair.certificate()), base64(pair.key()), ContainerNode.NAME, IMAGE));
    api.close();
  }

  /**
   * Creates a Gateway with a listener for Traefik's entry point {@code websecure}. Traefik serves
   * it with the option {@code --providers.kubernetesgateway}. Requires {@link #installGatewayCrds}.
   */
  public static void startGateway(EmbeddedCluster cluster) {
    KubeClient api = cluster.connect();
    Manifests.apply(
        api,
        """
        apiVersion: gateway.networking.k8s.io/v1
        kind: GatewayClass
        metadata: {name: traefik}
        spec: {controllerName: traefik.io/gateway-controller}
        ---
        apiVersion: gateway.networking.k8s.io/v1
        kind: Gateway
        metadata: {name: %s, namespace: kube-system}
        spec:
          gatewayClassName: traefik
          listeners:
            - name: websecure
              protocol: HTTPS
              port: 443
              tls: {certificateRefs: [{name: router-certificate}]}
              allowedRoutes: {namespaces: {from: All}}
        """
            .formatted(GATEWAY));
    api.close();
  }

  /**
   * Lets Traefik read Ingresses as ingress-nginx does, by the option {@code
   * --providers.kubernetesingressnginx}, and creates the class {@code nginx}.
   */
  public static void startIngressNginx(EmbeddedCluster cluster) {
    KubeClient api = cluster.connect();
    Manifests.apply(
        api,
        """
        apiVersion: networking.k8s.io/v1
        kind: IngressClass
        metadata: {name: nginx}
        spec: {controller: k8s.io/ingress-nginx}
        """);
    api.close();
  }

  private static String base64(String pem) {
    return Base64.getEncoder().encodeToString(pem.getBytes(StandardCharsets.UTF_8));
  }
}
