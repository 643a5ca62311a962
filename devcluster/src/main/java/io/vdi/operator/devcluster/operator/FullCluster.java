package io.vdi.operator.devcluster.operator;

import io.vdi.operator.devcluster.addons.FakeGpusAddon;
import io.vdi.operator.devcluster.addons.LocalPathAddon;
import io.vdi.operator.devcluster.addons.RouterAddon;
import io.vdi.operator.devcluster.build.GoPrograms;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.cluster.SimulatedNodes;
import io.vdi.operator.devcluster.process.Progress;
import java.nio.file.Path;

/**
 * A cluster like those of users: a node that runs containers, a router with a certificate, a
 * provisioner of volumes, simulated GPUs, and optionally simulated nodes.
 */
public final class FullCluster {
  /** The domain of the router's certificate. */
  public static final String DOMAIN = "vdi.example.com";

  /** The name of the desktop's image. */
  public static final String DESKTOP = "localhost/vdi-operator/desktop:0.1.0";

  private FullCluster() {}

  /** Builds the programs, so that {@link #start} does not have to. */
  static void build() {
    build(GoPrograms.inDefaultCache());
  }

  static void build(GoPrograms programs) {
    programs.kubernetes();
    programs.kwok();
    programs.helm();
    programs.traefikCrds();
    programs.gatewayCrds();
    programs.containerd();
    programs.localPathProvisioner();
    programs.traefik();
    programs.devicePlugin();
  }

  /**
   * Returns when the cluster is ready, with the images of the operator and the desktop on its node.
   * The router and the provisioner may still be starting.
   *
   * @param images directory with the archives of the images, {@code <name>.tar}
   * @param gpus number of GPUs of the node
   * @param simulated nodes with label {@code vdi.devcluster/simulated}; may be none
   */
  public static EmbeddedCluster start(
      Path folder, Path images, int gpus, SimulatedNodes.Spec simulated) {
    build();
    EmbeddedCluster cluster =
        EmbeddedCluster.startWithNode(folder, simulated, images.resolve("pause.tar"));
    Progress.say(
        "Kubernetes " + GoPrograms.KUBERNETES + " is running, with a node that runs containers");
    RouterAddon.installCrds(cluster);
    cluster.importImage(images.resolve("traefik.tar"));
    RouterAddon.start(cluster, DOMAIN);
    FakeGpusAddon.start(cluster, gpus);
    for (OperatorService service : OperatorService.values()) {
      cluster.importImage(images.resolve(service.module() + ".tar"));
    }
    cluster.importImage(images.resolve("desktop.tar"));
    LocalPathAddon.start(cluster, DESKTOP);
    return cluster;
  }
}
