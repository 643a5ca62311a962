package io.vdi.operator.devcluster.operator;

import io.vdi.operator.devcluster.addons.FakeGpusAddon;
import io.vdi.operator.devcluster.addons.LocalPathAddon;
import io.vdi.operator.devcluster.addons.RouterAddon;
import io.vdi.operator.devcluster.build.GoPrograms;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.cluster.SimulatedNodes;
import io.vdi.operator.devcluster.process.ParallelSteps.Step;
import io.vdi.operator.devcluster.process.Progress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

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

  /** The steps that build the programs for simulated nodes. */
  static List<Step> programsOfSimulation(GoPrograms programs) {
    return List.of(
        step("Kubernetes", 270, programs::kubernetes),
        step("KWOK", 25, programs::kwok),
        step("Helm", 25, programs::helm),
        step("CRDs of Traefik", 5, programs::traefikCrds),
        step("CRDs of the Gateway API", 2, programs::gatewayCrds));
  }

  /** The steps that build all programs that {@link #start} requires. */
  public static List<Step> programs(GoPrograms programs) {
    return Stream.concat(
            programsOfSimulation(programs).stream(),
            Stream.of(
                step("Traefik", 120, programs::traefik),
                step("containerd", 60, programs::containerd),
                step("local path provisioner", 15, programs::localPathProvisioner),
                step("device plugin", 10, programs::devicePlugin)))
        .toList();
  }

  private static Step step(String name, int seconds, Runnable work) {
    return new Step(name, Duration.ofSeconds(seconds), work);
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
