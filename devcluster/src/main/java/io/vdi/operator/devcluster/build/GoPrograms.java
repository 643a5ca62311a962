package io.vdi.operator.devcluster.build;

import io.vdi.operator.devcluster.process.FileTree;
import io.vdi.operator.devcluster.process.Progress;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The programs of the cluster. Each is built once from the Go modules in this jar and kept in a
 * {@link BuildCache}; it is built again when the files of its module change.
 */
public final class GoPrograms {
  public static final String KUBERNETES = "v1.36.3";

  private static final String VERSION = "k8s.io/component-base/version.";
  private static final String HELM_VERSION = "helm.sh/helm/v3/pkg/chartutil.";
  private static final String CONTAINERD = "github.com/containerd/containerd/v2/cmd/";
  private static final List<String> COMPONENTS =
      List.of(
          "etcd",
          "kube-apiserver",
          "kube-controller-manager",
          "kube-scheduler",
          "kubelet",
          "kube-proxy",
          "kubectl");

  private final BuildCache cache;
  private final Architecture architecture;

  GoPrograms(BuildCache cache, Architecture architecture) {
    this.cache = cache;
    this.architecture = architecture;
  }

  /** Programs that run on this machine. */
  public static GoPrograms inDefaultCache() {
    return inDefaultCache(Architecture.ofHost());
  }

  /** Programs for another architecture, which this machine builds but cannot run. */
  public static GoPrograms inDefaultCache(Architecture architecture) {
    return new GoPrograms(BuildCache.ofUser(), architecture);
  }

  /** The directory with etcd, the components of Kubernetes and kubectl. */
  public Path kubernetes() {
    return built(
        "controlplane",
        "Kubernetes " + KUBERNETES + " (etcd, control plane, kubelet, kubectl)",
        "about 5 minutes on 2 cores",
        (go, out) -> {
          go.build(
              out,
              " -X %sgitVersion=%s -X %sgitMajor=1 -X %sgitMinor=36"
                  .formatted(VERSION, KUBERNETES, VERSION, VERSION),
              ".");
          for (String component : COMPONENTS) {
            Files.createSymbolicLink(out.resolve(component), Path.of("controlplane"));
          }
        });
  }

  /** The directory with kwok, stages.yaml and storage-class.yaml. */
  public Path kwok() {
    return built(
        "kwok",
        "KWOK (simulated nodes)",
        "about 1 minute on 2 cores",
        (go, out) -> {
          go.build(out, "", ".");
          Path stages = go.moduleDirectory("sigs.k8s.io/kwok").resolve("kustomize/stage");
          List<Path> files =
              List.of(
                  stages.resolve("node/fast/node-initialize.yaml"),
                  stages.resolve("node/heartbeat-with-lease/node-heartbeat-with-lease.yaml"),
                  stages.resolve("pod/fast/pod-ready.yaml"),
                  stages.resolve("pod/fast/pod-complete.yaml"),
                  stages.resolve("pod/fast/pod-delete.yaml"),
                  go.sources().resolve("volumes.yaml"));
          List<String> documents = new ArrayList<>();
          for (Path file : files) {
            documents.add(Files.readString(file));
          }
          Files.writeString(out.resolve("stages.yaml"), String.join("\n---\n", documents));
          Files.copy(
              stages.resolve("volume/fast/storage-class.yaml"), out.resolve("storage-class.yaml"));
        });
  }

  /** Helm. */
  public Path helm() {
    String versions =
        " -X %sk8sVersionMajor=1 -X %sk8sVersionMinor=36".formatted(HELM_VERSION, HELM_VERSION);
    return program(
        "helm", "Helm", "about 1 minute on 2 cores", versions, "helm.sh/helm/v3/cmd/helm");
  }

  /** The directory with containerd, its shim and ctr. */
  public Path containerd() {
    return built(
        "containerd",
        "containerd",
        "about 2 minutes on 2 cores",
        (go, out) ->
            go.build(
                out,
                "",
                CONTAINERD + "containerd",
                CONTAINERD + "containerd-shim-runc-v2",
                CONTAINERD + "ctr"));
  }

  /** The program of the image that holds a pod's namespaces. */
  public Path pause() {
    return program("pause", "the pause program", "a few seconds", "", ".");
  }

  /** The provisioner of volumes that are directories on a node. */
  public Path localPathProvisioner() {
    return program(
        "local-path",
        "the local path provisioner",
        "about 2 minutes on 2 cores",
        "",
        "github.com/rancher/local-path-provisioner");
  }

  /** The device plugin that simulates GPUs. */
  public Path devicePlugin() {
    return program("device-plugin", "the device plugin", "about 1 minute on 2 cores", "", ".");
  }

  /** The DRA driver that simulates GPUs. */
  public Path draDriver() {
    return program("dra-driver", "the DRA driver", "about 2 minutes on 2 cores", "", ".");
  }

  /**
   * Traefik, the router, without the DNS providers of its ACME library: they are two thirds of the
   * time that it takes to compile.
   */
  public Path traefik() {
    return built(
            "traefik",
            "Traefik",
            "about 2 minutes on 2 cores",
            (go, out) -> {
              Path lego = go.copyModule("github.com/go-acme/lego/v4");
              Path providers = lego.resolve("providers/dns");
              FileTree.delete(providers);
              Files.createDirectories(providers);
              Files.move(
                  go.sources().resolve("lego/providers.go"), providers.resolve("providers.go"));
              go.build(out, "", "github.com/traefik/traefik/v3/cmd/traefik");
            })
        .resolve("traefik");
  }

  /** The program that prints the kstatus of objects. */
  public Path kstatus() {
    return program("kstatus", "kstatus", "about 1 minute on 2 cores", "", ".");
  }

  /** The file with Traefik's CRDs, from its published module. */
  public Path traefikCrds() {
    return built(
            "crds",
            "Traefik's CRDs",
            "a few seconds",
            (go, out) ->
                Files.copy(
                    go.download("github.com/traefik/traefik/v3")
                        .resolve("docs/content/reference/dynamic-configuration")
                        .resolve("kubernetes-crd-definition-v1.yml"),
                    out.resolve("traefik.yaml")))
        .resolve("traefik.yaml");
  }

  /**
   * The file with the CRDs of the standard channel of the Gateway API. Its module requires a newer
   * Go than the programs here, so only its archive is downloaded.
   */
  public Path gatewayCrds() {
    return built(
            "gateway-crds",
            "the CRDs of the Gateway API",
            "a few seconds",
            (go, out) -> {
              List<String> module =
                  Files.readString(go.sources().resolve("go.mod"))
                      .lines()
                      .filter(line -> line.startsWith("// archive "))
                      .findFirst()
                      .map(line -> List.of(line.split(" ", -1)))
                      .orElseThrow();
              String version = module.get(2);
              String folder = version + "/config/crd/standard";
              List<String> documents = new ArrayList<>();
              try (FileSystem archive =
                  FileSystems.newFileSystem(go.archive(version, module.get(3)))) {
                try (Stream<Path> files = Files.list(archive.getPath(folder))) {
                  for (Path file : files.sorted().toList()) {
                    String content = Files.readString(file);
                    if (content.contains("kind: CustomResourceDefinition")) {
                      documents.add(content);
                    }
                  }
                }
              }
              Files.writeString(out.resolve("gateway.yaml"), String.join("\n---\n", documents));
            })
        .resolve("gateway.yaml");
  }

  /** A module with one program, which has the name of its package. */
  private Path program(String name, String what, String duration, String ldflags, String source) {
    String program = source.equals(".") ? name : Path.of(source).getFileName().toString();
    return built(name, what, duration, (go, out) -> go.build(out, ldflags, source))
        .resolve(program);
  }

  @FunctionalInterface
  private interface Recipe {
    void make(GoBuild go, Path out) throws IOException, InterruptedException;
  }

  private Path built(String name, String what, String duration, Recipe recipe) {
    GoModule module = new GoModule(name);
    return cache.provide(
        architecture.isOfHost() ? name : name + "-" + architecture.id(),
        module.fingerprint(),
        (sources, out) -> {
          GoBuild.requireGo();
          Progress.say(
              "building %s: %s; later runs use the result in %s"
                  .formatted(what, duration, cache.directory()));
          module.copyTo(sources);
          recipe.make(new GoBuild(what, sources, architecture), out);
        });
  }
}
