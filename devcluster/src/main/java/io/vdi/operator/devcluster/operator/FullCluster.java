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
 * A cluster as the operator finds it at its users': a node that runs containers, a router with
 * certificates, a provisioner of volumes, GPUs (which are played), and simulated nodes beside it
 * where that is wanted.
 */
public final class FullCluster {
  /** The domain that the router has a certificate for. */
  public static final String DOMAIN = "vdi.example.com";

  /** The name of the desktop's image. */
  public static final String DESKTOP = "localhost/vdi-operator/desktop:0.1.0";

  /** The name of the router's image. */
  public static final String ROUTER = "localhost/vdi-devcluster/traefik:1";

  private FullCluster() {}

  /** What the router shows, to be trusted by who visits. */
  public static Path routerCertificate(Path clusterFolder) {
    return clusterFolder.resolve("router.crt");
  }

  /** Builds the programs that it needs, so that later steps find them. */
  static void build() {
    GoPrograms programs = GoPrograms.inDefaultCache();
    programs.kubernetes();
    programs.kwok();
    programs.helm();
    programs.traefikCrds();
    programs.containerd();
    programs.localPathProvisioner();
    programs.traefik();
    programs.devicePlugin();
  }

  /**
   * Returns when it is there, with the images of the operator and of the desktop on its node.
   *
   * @param images the folder with their archives, {@code <name>.tar}
   * @param gpus of the node
   * @param simulated nodes beside it, labelled {@code vdi.devcluster/simulated}; may be none
   */
  public static EmbeddedCluster start(
      Path folder, Path images, int gpus, SimulatedNodes.Spec simulated) {
    build();
    EmbeddedCluster cluster =
        EmbeddedCluster.startWithNode(folder, simulated, images.resolve("pause.tar"));
    Progress.say(
        "Kubernetes " + GoPrograms.KUBERNETES + " is up, with a node that runs containers");
    cluster.installTraefikCrds();
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
