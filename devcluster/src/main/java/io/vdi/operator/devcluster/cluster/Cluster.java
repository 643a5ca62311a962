package io.vdi.operator.devcluster.cluster;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.KubeClientFactory;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.PrivateFile;
import java.nio.file.Path;
import java.util.function.UnaryOperator;

/** A Kubernetes cluster for tests and demos. */
public interface Cluster extends AutoCloseable {
  /** The kubeconfig file of a cluster admin. */
  Path kubeconfig();

  /** Stops what this object started. A cluster that existed before keeps running. */
  @Override
  void close();

  /** A client with the permissions of a cluster admin; the caller closes it. */
  default KubeClient connect() {
    return connect(kubeconfig());
  }

  /** A client for this kubeconfig; the caller closes it. */
  static KubeClient connect(Path kubeconfig) {
    try {
      return KubeClientFactory.fromKubeconfig(kubeconfig, UnaryOperator.identity());
    } catch (KubeClientFactory.ClusterUnavailableException e) {
      throw new ClusterException(e.getMessage(), e);
    }
  }

  /**
   * Writes a kubeconfig with a token of this service account, which is created if it is missing. A
   * service outside the cluster that uses it has exactly the permissions that it has inside.
   */
  default Path serviceAccountKubeconfig(String namespace, String name, Path file) {
    KubeClient api = connect();
    try {
      String token = ServiceAccountToken.issue(api, namespace, name);
      return PrivateFile.write(file, Kubeconfig.read(kubeconfig()).withToken(token));
    } finally {
      api.close();
    }
  }
}
