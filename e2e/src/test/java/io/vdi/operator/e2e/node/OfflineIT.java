package io.vdi.operator.e2e.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.devcluster.build.GoPrograms;
import io.vdi.operator.devcluster.operator.ChartInstaller;
import io.vdi.operator.devcluster.process.Command;
import io.vdi.operator.e2e.cli.Shell;
import io.vdi.operator.images.Images;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The way of docs/offline.md on the node, which has no network and no other images of the operator:
 * verify the bundle, import its images, install its chart. The tests that follow use this
 * installation, and their desktops the image of the bundle.
 */
@Order(4)
class OfflineIT {
  private static final String NAME = "vdi-operator-0.1.0-linux-amd64";
  private static final String PREFIX = "localhost/vdi-operator/";

  @TempDir Path folder;

  @Test
  void theOperatorRunsFromTheBundle() throws IOException {
    OperatorNode node = SharedNode.withDefaults();
    Path bundle = unpack(pack(node));
    assertThat(Command.run(List.of("sh", "-c", "cd '" + bundle + "' && sha256sum -c SHA256SUMS")))
        .contains("images/desktop.tar: OK", "chart/vdi-operator-0.1.0.tgz: OK");
    assertThat(Command.run(List.of(bundle.resolve("install.sh").toString(), "verify")))
        .contains("all files are as they were packed");

    List<String> before = images(node);
    assertThat(before).hasSize(Images.ALL.size());
    before.forEach(image -> ctr(node, "images", "remove", image));
    assertThat(images(node)).isEmpty();
    node.cluster()
        .commandOnNode(
            "env", "CTR=" + ctr() + " --namespace=k8s.io", bundle + "/install.sh", "import");
    assertThat(images(node)).containsExactlyElementsOf(before);

    new Shell(node, folder)
        .run(
            bundle
                + "/install.sh install --set=config.tls.mode=routerDefault"
                + " --set=nodeSelector.kubernetes\\\\.io/hostname=node-1"
                + " --set=controller.podAnnotations.from=bundle"
                + " --set=admissionWebhook.podAnnotations.from=bundle"
                + " --set=reaper.podAnnotations.from=bundle");
    ChartInstaller.awaitAdmission(node.cluster());
    assertThat(
            node.kubectl(
                "get",
                "pods",
                "--namespace=" + OperatorNode.NAMESPACE,
                "--selector=app.kubernetes.io/component in (controller,admission-webhook,reaper)",
                "--output=jsonpath={range .items[?(@.metadata.annotations.from=='bundle')]}"
                    + "{.status.containerStatuses[0].ready} {end}"))
        .contains("true true true true");
  }

  private Path pack(OperatorNode node) throws IOException {
    Path files = Files.createDirectory(folder.resolve("files"));
    Images images = Images.of(node.checkout());
    List<String> command =
        new ArrayList<>(
            List.of(
                node.checkout().resolve("images/bin/bundle").toString(), files.toString(), NAME));
    List<String> names = new ArrayList<>(Images.ALL);
    names.add(Images.PLUGIN);
    for (String name : names) {
      Files.createSymbolicLink(files.resolve(name + ".tar"), images.provide(name).toRealPath());
      command.add(name + ".tar");
    }
    node.helm()
        .run(
            "package",
            node.checkout().resolve("charts/vdi-operator").toString(),
            "--destination=" + files);
    command.add("vdi-operator-0.1.0.tgz");
    return Path.of(Command.run(command).strip());
  }

  private Path unpack(Path archive) {
    Command.run(List.of("tar", "--extract", "--file=" + archive, "--directory=" + folder));
    return folder.resolve(NAME);
  }

  /** The names of the operator's images in containerd. */
  private static List<String> images(OperatorNode node) {
    return ctr(node, "images", "list", "--quiet")
        .lines()
        .filter(name -> name.startsWith(PREFIX))
        .sorted()
        .toList();
  }

  private static String ctr(OperatorNode node, String... arguments) {
    List<String> command = new ArrayList<>(List.of(ctr(), "--namespace=k8s.io"));
    command.addAll(List.of(arguments));
    return node.cluster().commandOnNode(command.toArray(String[]::new));
  }

  /** The ctr of the node's containerd, which listens at the default address. */
  private static String ctr() {
    return GoPrograms.inDefaultCache().containerd().resolve("ctr").toString();
  }
}
