package io.vdi.operator.devcluster.operator;

import io.vdi.operator.devcluster.addons.RouterAddon;
import io.vdi.operator.devcluster.build.Architecture;
import io.vdi.operator.devcluster.build.GoPrograms;
import io.vdi.operator.devcluster.cluster.Kubeconfig;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.ParallelSteps;
import io.vdi.operator.devcluster.process.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The development cluster of a checkout, with the operator: what {@code make up}, {@code make down}
 * and {@code make demo} do. Directory {@code .devcluster} holds its state.
 */
public final class DevEnvironment {
  private final Checkout checkout;
  private final SupervisorProcess supervisor;

  public DevEnvironment(Path checkout) {
    this.checkout = new Checkout(checkout);
    this.supervisor = new SupervisorProcess(this.checkout);
  }

  /** The kubeconfig file of a cluster admin. */
  public Path kubeconfig() {
    return checkout.kubeconfig();
  }

  /** The kubectl of the same version. */
  public Path kubectl() {
    return GoPrograms.inDefaultCache().kubernetes().resolve("kubectl");
  }

  /** The directory of the checkout. */
  public Path checkout() {
    return checkout.root();
  }

  /** Builds the programs of the cluster, so that later steps do not have to. */
  public void build() {
    GoPrograms programs = GoPrograms.inDefaultCache();
    ParallelSteps.run(
        List.of(
            hasContainerNode()
                ? FullCluster.programs(programs)
                : FullCluster.programsOfSimulation(programs)));
  }

  /** Builds all programs for another architecture, which this machine cannot run. */
  public void build(Architecture architecture) {
    GoPrograms programs = GoPrograms.inDefaultCache(architecture);
    ParallelSteps.run(List.of(FullCluster.programs(programs)));
    programs.pause();
    programs.kstatus();
  }

  /** Whether the cluster and the operator are ready. */
  public boolean isUp() {
    return supervisor.isReady();
  }

  /** Starts the cluster and the operator in the background, if they do not run. */
  public void up() {
    if (isUp()) {
      Progress.say("the cluster is already running");
    } else {
      build();
      supervisor.start();
    }
    System.out.println("export KUBECONFIG=" + kubeconfig());
    System.out.println("# kubectl of the same version: " + kubectl());
  }

  /** Starts the cluster and the operator; they stop when this JVM exits. */
  public Process upWithParent() {
    build();
    return supervisor.startWithParent();
  }

  /** Stops the cluster and the operator. */
  public void down() {
    Progress.say(supervisor.stop() ? "stopped" : "no cluster is running");
  }

  /** Whether the cluster has a node that runs containers; without one, its nodes are simulated. */
  public boolean hasContainerNode() {
    return checkout.noContainersReason().isEmpty();
  }

  /** Why the nodes are simulated; empty if containers run. */
  public String noContainersReason() {
    return checkout.noContainersReason().orElse("");
  }

  /** The IP address of the node, which the router listens on. */
  public String address() {
    return Kubeconfig.read(kubeconfig()).server().getHost();
  }

  /** The password of the users in Keycloak; empty if the cluster has no Keycloak and no gate. */
  public Optional<String> password() {
    try {
      return Files.exists(checkout.passwordFile())
          ? Optional.of(Files.readString(checkout.passwordFile()))
          : Optional.empty();
    } catch (IOException e) {
      throw new ClusterException("cannot read " + checkout.passwordFile() + ": " + e, e);
    }
  }

  /** The certificates that browsers must trust: of the router, and of Keycloak. */
  public List<Path> certificates() {
    return Stream.of(routerCertificate(), SingleSignOn.certificate(checkout.cluster()))
        .filter(Files::exists)
        .toList();
  }

  /** The file with the router's certificate, which clients must trust. */
  public Path routerCertificate() {
    return RouterAddon.certificate(checkout.cluster());
  }
}
