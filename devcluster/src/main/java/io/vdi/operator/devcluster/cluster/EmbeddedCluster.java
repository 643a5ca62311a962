package io.vdi.operator.devcluster.cluster;

import io.vdi.operator.devcluster.build.GoPrograms;
import io.vdi.operator.devcluster.process.ChildProcess;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.FileTree;
import io.vdi.operator.devcluster.process.IsolatedHost;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * etcd, the control plane and simulated GPU nodes as processes on free ports of the loopback
 * interface; with a node that runs containers, in an {@link IsolatedHost}. All processes stop on
 * {@link #close} and when this JVM exits, however it exits. {@code close} also deletes the
 * cluster's directory, which holds all of its data.
 */
public final class EmbeddedCluster implements Cluster {
  private final Path folder;
  private final ClusterProcesses processes;
  private final ControlPlane controlPlane;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final Thread closeAtExit = new Thread(this::stopAll, "devcluster-stop");
  private Optional<SimulatedNodes> simulated = Optional.empty();
  private Optional<ContainerNode> containerNode = Optional.empty();

  private EmbeddedCluster(
      Path folder,
      SimulatedNodes.Spec nodes,
      List<String> apiServerFlags,
      Optional<Path> pauseImage) {
    this.folder = folder;
    GoPrograms programs = GoPrograms.inDefaultCache();
    Path kubernetes = programs.kubernetes();
    Optional<IsolatedHost> host = pauseImage.map(image -> IsolatedHost.start(folder));
    processes = new ClusterProcesses(folder, host);
    Runtime.getRuntime().addShutdownHook(closeAtExit);
    try {
      controlPlane = ControlPlane.start(processes, folder, kubernetes, apiServerFlags);
      if (nodes.count() > 0) {
        simulated =
            Optional.of(
                SimulatedNodes.start(kubeconfig(), programs.kwok(), folder, nodes, host.isEmpty()));
      }
      processes.requireAlive();
      containerNode =
          host.map(machine ->
              ContainerNode.start(machine, processes, controlPlane, pauseImage.orElseThrow()));
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Builds the programs that are missing, and starts the cluster.
   *
   * @param folder directory for keys, data and logs; created, and deleted by {@link #close}
   */
  public static EmbeddedCluster start(Path folder, SimulatedNodes.Spec nodes) {
    return start(folder, nodes, List.of());
  }

  /** The same with additional flags for the API server. */
  public static EmbeddedCluster start(
      Path folder, SimulatedNodes.Spec nodes, List<String> apiServerFlags) {
    return start(folder, nodes, apiServerFlags, Optional.empty());
  }

  /**
   * The same with a node that runs containers beside the simulated ones. Requires that {@link
   * #unsupportedReason} is empty.
   *
   * @param pauseImage an archive with {@link ContainerNode#PAUSE_IMAGE}
   */
  public static EmbeddedCluster startWithNode(
      Path folder, SimulatedNodes.Spec nodes, Path pauseImage) {
    return start(folder, nodes, List.of(), Optional.of(pauseImage));
  }

  /** Why this machine cannot have a node that runs containers; empty if it can. */
  public static Optional<String> unsupportedReason() {
    return ContainerNode.installPackages()
        ? IsolatedHost.unsupportedReason()
        : Optional.of("packages are missing, see above");
  }

  private static EmbeddedCluster start(
      Path folder,
      SimulatedNodes.Spec nodes,
      List<String> apiServerFlags,
      Optional<Path> pauseImage) {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new ClusterException("cannot create " + folder + ": " + e, e);
    }
    return new EmbeddedCluster(folder.toAbsolutePath(), nodes, apiServerFlags, pauseImage);
  }

  /** The CA that signs the cluster's certificates. */
  public ClusterCertificateAuthority authority() {
    return controlPlane.authority();
  }

  /** The IP address of the node that runs containers; without one, the loopback address. */
  public String address() {
    return processes.address();
  }

  /** Whether the processes run in an {@link IsolatedHost}, where all ports are free. */
  public boolean isIsolated() {
    return processes.isIsolated();
  }

  /** Starts a program beside the control plane. It stops with the cluster. */
  public ChildProcess run(String name, List<String> command, Map<String, String> environment) {
    return processes.start(name, command, environment);
  }

  /** Makes the API server accept the ID tokens of an OpenID Connect provider, within a minute. */
  public void trust(TokenIssuer issuer) {
    controlPlane.trust(issuer);
  }

  /** Imports the images of an archive (OCI or Docker) into the node that runs containers. */
  public void importImage(Path archive) {
    containerNode.orElseThrow().importImage(archive);
  }

  /** Starts a program on the node that runs containers, outside of any container. */
  public ChildProcess runOnNode(
      String name, List<String> command, Map<String, String> environment) {
    return containerNode.orElseThrow().run(name, command, environment);
  }

  /** Runs a command on the node, outside of any container; returns its standard output. */
  public String commandOnNode(String... command) {
    return containerNode.orElseThrow().command(command);
  }

  @Override
  public Path kubeconfig() {
    return folder.resolve("kubeconfig");
  }

  /** The directory with keys, data and logs. */
  public Path folder() {
    return folder;
  }

  /** The kubectl of the same version. */
  public Path kubectl() {
    return controlPlane.program("kubectl");
  }

  /** The API server, for tests that stop it; see {@link #awaitReady}. */
  public ChildProcess apiServer() {
    return processes.get("kube-apiserver");
  }

  /** Kills the kubelet with SIGKILL. Containers run on without it. */
  public void killKubelet() {
    containerNode.orElseThrow().killKubelet();
  }

  /**
   * Starts the kubelet after {@link #killKubelet}; returns when it listens. It does not start
   * without containerd. The API server reports the node as ready for up to 50 s without a kubelet.
   */
  public void restartKubelet() {
    containerNode.orElseThrow().restartKubelet();
  }

  /** Kills the container runtime of the node with SIGKILL. Containers run on without it. */
  public void killContainerd() {
    containerNode.orElseThrow().killContainerd();
  }

  /** Starts the container runtime after {@link #killContainerd}; returns when it answers. */
  public void restartContainerd() {
    containerNode.orElseThrow().restartContainerd();
  }

  /**
   * Kills a container of a pod on the node with SIGKILL; the kubelet starts it again.
   *
   * @param container the ID, without {@code containerd://}
   */
  public void killContainer(String container) {
    containerNode.orElseThrow().killContainer(container);
  }

  /**
   * Kills all processes of all pods on the node with SIGKILL, as a crash of the node does. Stop the
   * kubelet first, or it starts them again.
   */
  public void killAllContainers() {
    containerNode.orElseThrow().killAllContainers();
  }

  /** The controller manager, for tests that run without garbage collection. */
  public ChildProcess controllerManager() {
    return processes.get("kube-controller-manager");
  }

  /** Waits until the API server is ready. */
  public void awaitReady() {
    controlPlane.awaitReady();
  }

  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(closeAtExit);
    } catch (IllegalStateException e) {
      // The JVM is shutting down: the hook stops the cluster.
      return;
    }
    stopAll();
  }

  private void stopAll() {
    if (closed.compareAndSet(false, true)) {
      // The data is deleted, so the processes need no time to write it: kill them.
      simulated.ifPresent(SimulatedNodes::kill);
      processes.kill();
      containerNode.ifPresent(ContainerNode::cleanUp);
      FileTree.delete(folder);
    }
  }
}
