package io.vdi.operator.devcluster.addons;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.build.GoPrograms;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import java.util.List;
import java.util.Map;

/**
 * Volumes as directories of the node: Rancher's local path provisioner, configured like in K3s,
 * with StorageClass {@code local-path} as the default. A directory belongs to root and has mode
 * 0700, the strictest that provisioners set; the kubelet gives the pod's fsGroup access to it.
 *
 * <p>A helper pod of the provisioner creates each directory. Other than in K3s it has no network
 * and no token of its own, because each desktop waits for it: the provisioner checks every second
 * whether the pod has ended, and the scheduler every second whether the volume is bound.
 */
public final class LocalPathAddon {
  private LocalPathAddon() {}

  /**
   * Starts the provisioner on the node.
   *
   * @param helperImage an image on the node with a shell, for the pods that create the directories
   */
  public static void start(EmbeddedCluster cluster, String helperImage) {
    KubeClient api = cluster.connect();
    Manifests.apply(
        api,
        """
        {apiVersion: v1, kind: Namespace, metadata: {name: local-path-storage}}
        ---
        apiVersion: storage.k8s.io/v1
        kind: StorageClass
        metadata:
          name: local-path
          annotations:
            storageclass.kubernetes.io/is-default-class: "true"
            defaultVolumeType: local
        provisioner: rancher.io/local-path
        volumeBindingMode: WaitForFirstConsumer
        reclaimPolicy: Delete
        ---
        apiVersion: v1
        kind: ServiceAccount
        metadata: {name: local-path-provisioner, namespace: local-path-storage}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: local-path-config, namespace: local-path-storage}
        data:
          config.json: |
            {"nodePathMap": [{"node": "DEFAULT_PATH_FOR_NON_LISTED_NODES", "paths": ["%s"]}]}
          setup: |
            #!/bin/sh
            set -eu
            mkdir -m 0700 -p "$VOL_DIR"
          teardown: |
            #!/bin/sh
            set -eu
            rm -rf "$VOL_DIR"
          helperPod.yaml: |
            apiVersion: v1
            kind: Pod
            metadata: {name: helper-pod}
            spec:
              hostNetwork: true
              automountServiceAccountToken: false
              enableServiceLinks: false
              containers:
                - name: helper-pod
                  image: %s
                  imagePullPolicy: Never
                  securityContext: {runAsUser: 0}
        """
            .formatted(cluster.folder().resolve("volumes"), helperImage));
    api.close();
    cluster.runOnNode(
        "local-path-provisioner",
        List.of(
            GoPrograms.inDefaultCache().localPathProvisioner().toString(),
            "start",
            "--kubeconfig=" + cluster.kubeconfig(),
            "--namespace=local-path-storage",
            "--configmap-name=local-path-config",
            "--service-account-name=local-path-provisioner",
            "--helper-image=" + helperImage),
        Map.of());
  }
}
