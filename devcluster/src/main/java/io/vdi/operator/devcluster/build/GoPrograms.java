package io.vdi.operator.devcluster.build;

import io.vdi.operator.common.model.Hashes;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.Progress;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The programs of the cluster, each built once from the Go sources in this jar into a cache outside
 * the checkout, under a name that changes with those sources: {@code VDI_CACHE}, else {@code
 * ~/.cache/vdi-operator}.
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
  private static final Pattern GO_VERSION = Pattern.compile("go(\\d+)\\.(\\d+)");

  private final Path cache;

  GoPrograms(Path cache) {
    this.cache = cache;
  }

  public static GoPrograms inDefaultCache() {
    return new GoPrograms(defaultCache());
  }

  /** The folder that outlives checkouts. */
  public static Path defaultCache() {
    String own = System.getenv("VDI_CACHE");
    String xdg = System.getenv("XDG_CACHE_HOME");
    return own != null && !own.isBlank()
        ? Path.of(own)
        : (xdg != null && !xdg.isBlank()
                ? Path.of(xdg)
                : Path.of(System.getProperty("user.home"), ".cache"))
            .resolve("vdi-operator");
  }

  /** The folder with etcd, the components of Kubernetes and kubectl. */
  public Path kubernetes() {
    return built(
        "controlplane",
        "Kubernetes " + KUBERNETES + " (etcd, control plane, kubelet, kubectl)",
        "about 5 minutes on 2 cores",
        (sources, out) -> {
          build(
              sources,
              out,
              "Kubernetes",
              " -X %sgitVersion=%s -X %sgitMajor=1 -X %sgitMinor=36"
                  .formatted(VERSION, KUBERNETES, VERSION, VERSION),
              ".");
          for (String component : COMPONENTS) {
            Files.createSymbolicLink(out.resolve(component), Path.of("controlplane"));
          }
        });
  }

  /** The folder with kwok, stages.yaml and storage-class.yaml. */
  public Path kwok() {
    return built(
        "kwok",
        "KWOK (simulated nodes)",
        "about 1 minute on 2 cores",
        (sources, out) -> {
          build(sources, out, "KWOK", "", ".");
          Path stages =
              moduleFolder(sources, "sigs.k8s.io/kwok").resolve("kustomize").resolve("stage");
          List<Path> files =
              List.of(
                  stages.resolve("node/fast/node-initialize.yaml"),
                  stages.resolve("node/heartbeat-with-lease/node-heartbeat-with-lease.yaml"),
                  stages.resolve("pod/fast/pod-ready.yaml"),
                  stages.resolve("pod/fast/pod-complete.yaml"),
                  stages.resolve("pod/fast/pod-delete.yaml"),
                  sources.resolve("volumes.yaml"));
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

  /** The folder with containerd, its shim and ctr. */
  public Path containerd() {
    return built(
        "containerd",
        "containerd",
        "about 2 minutes on 2 cores",
        (sources, out) ->
            build(
                sources,
                out,
                "containerd",
                "",
                CONTAINERD + "containerd",
                CONTAINERD + "containerd-shim-runc-v2",
                CONTAINERD + "ctr"));
  }

  /** The program of the image that holds a pod's namespaces. */
  public Path pause() {
    return program("pause", "the pause program", "a few seconds", "", ".");
  }

  /** What makes volumes as folders of a node. */
  public Path localPathProvisioner() {
    return program(
        "local-path",
        "the local path provisioner",
        "about 2 minutes on 2 cores",
        "",
        "github.com/rancher/local-path-provisioner");
  }

  /** What plays GPUs. */
  public Path devicePlugin() {
    return program("device-plugin", "the device plugin", "about 1 minute on 2 cores", "", ".");
  }

  /** The router. */
  public Path traefik() {
    return program(
        "traefik",
        "Traefik",
        "about 5 minutes on 2 cores",
        "",
        "github.com/traefik/traefik/v3/cmd/traefik");
  }

  /** Traefik's custom resource definitions, from its published module. */
  public Path traefikCrds() {
    return built(
            "crds",
            "Traefik's custom resource definitions",
            "a few seconds",
            (sources, out) -> {
              String module = "github.com/traefik/traefik/v3";
              go(sources, "Traefik", "mod", "download", module);
              Files.copy(
                  moduleFolder(sources, module)
                      .resolve("docs/content/reference/dynamic-configuration")
                      .resolve("kubernetes-crd-definition-v1.yml"),
                  out.resolve("traefik.yaml"));
            })
        .resolve("traefik.yaml");
  }

  /** A module with one program, named after its package. */
  private Path program(String name, String what, String takes, String ldflags, String source) {
    String program = source.equals(".") ? name : Path.of(source).getFileName().toString();
    return built(name, what, takes, (sources, out) -> build(sources, out, what, ldflags, source))
        .resolve(program);
  }

  @FunctionalInterface
  private interface Recipe {
    void make(Path sources, Path out) throws IOException, InterruptedException;
  }

  private Path built(String name, String what, String takes, Recipe recipe) {
    try {
      List<String> files =
          List.of("go.mod", "go.sum", "main.go", "volumes.yaml", "ext/go.mod", "ext/ext.go");
      StringBuilder all = new StringBuilder();
      for (String file : files) {
        all.append(source(name, file));
      }
      Path target = cache.resolve(name + "-" + Hashes.sha256(all.toString(), 12));
      if (Files.exists(target)) {
        return target;
      }
      Files.createDirectories(cache);
      try (FileChannel channel =
          FileChannel.open(
              cache.resolve(name + ".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
        // Another build of the same thing may be under way: it is waited for, then found done.
        channel.lock();
        if (!Files.exists(target)) {
          requireGo();
          Progress.say("building " + what + ", once: " + takes + "; kept in " + cache);
          Path work = Files.createTempDirectory(cache, name + "-build-");
          try {
            Path sources = Files.createDirectory(work.resolve("src"));
            for (String file : files) {
              if (!source(name, file).isEmpty()) {
                Path copy = sources.resolve(file);
                Files.createDirectories(copy.getParent());
                Files.writeString(copy, source(name, file));
              }
            }
            Path out = Files.createDirectory(work.resolve("out"));
            recipe.make(sources, out);
            Files.move(out, target, StandardCopyOption.ATOMIC_MOVE);
          } finally {
            deleteTree(work);
          }
        }
        return target;
      }
    } catch (IOException e) {
      throw new ClusterException("cannot build " + what + " in " + cache + ": " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ClusterException("interrupted while building " + what, e);
    }
  }

  private static String source(String name, String file) throws IOException {
    try (InputStream in = GoPrograms.class.getResourceAsStream("go/" + name + "/" + file)) {
      return in == null ? "" : new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static void requireGo() throws InterruptedException {
    String found;
    try {
      Process version = new ProcessBuilder("go", "env", "GOVERSION").start();
      found = new String(version.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      version.waitFor();
    } catch (IOException e) {
      throw new ClusterException(
          "Go is not installed, or not on the PATH: install Go 1.26 or newer", e);
    }
    Matcher m = GO_VERSION.matcher(found);
    if (!m.find()
        || Integer.parseInt(m.group(1)) < 1
        || (Integer.parseInt(m.group(1)) == 1 && Integer.parseInt(m.group(2)) < 26)) {
      throw new ClusterException("Go 1.26 or newer is needed, found \"" + found + "\"");
    }
  }

  private static Path moduleFolder(Path sources, String module)
      throws IOException, InterruptedException {
    Process list =
        new ProcessBuilder("go", "list", "-m", "-f", "{{.Dir}}", module)
            .directory(sources.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String folder = new String(list.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (list.waitFor() != 0) {
      throw new ClusterException("go list -m " + module + " failed");
    }
    return Path.of(folder.strip());
  }

  private static void build(Path sources, Path out, String what, String ldflags, String... packages)
      throws IOException, InterruptedException {
    List<String> arguments =
        new ArrayList<>(
            List.of("build", "-v", "-trimpath", "-ldflags", "-s -w" + ldflags, "-o", out + "/"));
    arguments.addAll(List.of(packages));
    go(sources, what, arguments.toArray(String[]::new));
  }

  /**
   * Runs go and tells every few seconds how far it is; its last lines are the error if it fails.
   */
  private static void go(Path sources, String what, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("go"));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).directory(sources.toFile());
    builder.environment().put("GOFLAGS", "-mod=readonly -buildvcs=false");
    builder.environment().put("CGO_ENABLED", "0");
    builder.environment().put("GOTOOLCHAIN", "local");
    Process process = builder.redirectErrorStream(true).start();
    Thread killer = new Thread(process::destroy);
    Runtime.getRuntime().addShutdownHook(killer);
    Instant start = Instant.now();
    Instant nextLine = start.plusSeconds(4);
    int lines = 0;
    Deque<String> last = new ArrayDeque<>();
    try (BufferedReader output = process.inputReader()) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        lines++;
        last.addLast(line);
        if (last.size() > 15) {
          last.removeFirst();
        }
        if (Instant.now().isAfter(nextLine)) {
          nextLine = Instant.now().plusSeconds(10);
          long seconds = Duration.between(start, Instant.now()).toSeconds();
          Progress.say(
              "building " + what + ": " + lines + " packages done or fetched, " + seconds + " s");
        }
      }
    }
    int status = process.waitFor();
    try {
      Runtime.getRuntime().removeShutdownHook(killer);
    } catch (IllegalStateException e) {
      throw new ClusterException("stopped while building " + what, e);
    }
    if (status != 0) {
      throw new ClusterException("building " + what + " failed:\n" + String.join("\n", last));
    }
  }

  /** Removes a folder with all that is in it, where it is there. */
  public static void deleteTree(Path folder) {
    if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (Stream<Path> paths = Files.walk(folder)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      Progress.say("could not remove " + folder + ": " + e.getMessage());
    }
  }
}
