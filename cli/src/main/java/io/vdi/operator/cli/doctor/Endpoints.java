package io.vdi.operator.cli.doctor;

import io.vdi.operator.cli.cluster.ClusterAccess;
import io.vdi.operator.cli.cluster.Json;

/** The endpoints of a Service. */
final class Endpoints {
  private Endpoints() {}

  /** The number of ready endpoints in the Service's EndpointSlices. */
  static long ready(ClusterAccess cluster, String namespace, String service) {
    return cluster
        .list(
            "/apis/discovery.k8s.io/v1/namespaces/"
                + namespace
                + "/endpointslices?labelSelector=kubernetes.io/service-name="
                + service)
        .stream()
        .flatMap(slice -> Json.objects(slice, "endpoints").stream())
        .filter(endpoint -> !Json.text(endpoint, "conditions", "ready").equals("false"))
        .count();
  }

  static String describe(long ready) {
    return ready + (ready == 1 ? " ready endpoint" : " ready endpoints");
  }
}
