package io.vdi.operator.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** images/bin/bundle and the install.sh in a bundle, with small files. OfflineIT installs one. */
class BundleTest {
  private static final String NAME = "vdi-operator-1.0-linux-amd64";

  @TempDir private Path folder;
  private Path files;

  @BeforeEach
  void files() throws IOException {
    files = Files.createDirectory(folder.resolve("files"));
    Path cached = Files.writeString(folder.resolve("controller-1.tar"), "image");
    Files.createSymbolicLink(files.resolve("controller.tar"), cached);
    Files.writeString(files.resolve("controller.tar.sig"), "signature");
    Files.writeString(files.resolve("kubectl-vdi.tar"), "plugin");
    Files.writeString(files.resolve("vdi-operator-1.0.tgz"), "chart");
  }

  @Test
  void theBundleHasTheFilesThemselvesAndNoLinks() throws IOException {
    Path bundle = unpacked();
    assertThat(bundle.resolve("images/controller.tar")).hasContent("image").isRegularFile();
    assertThat(Files.isSymbolicLink(bundle.resolve("images/controller.tar"))).isFalse();
    assertThat(bundle.resolve("images/controller.tar.sig")).exists();
    assertThat(bundle.resolve("cli/kubectl-vdi.tar")).exists();
    assertThat(bundle.resolve("chart/vdi-operator-1.0.tgz")).exists();
    assertThat(bundle.resolve("docs/offline.md")).exists();
    assertThat(bundle.resolve("SHA256SUMS"))
        .content()
        .contains("  images/controller.tar\n", "  install.sh\n", "  docs/offline.md\n");
    assertThat(files).isDirectoryNotContaining("glob:**/bundle.*");
  }

  @Test
  void aMissingFileIsNamed() {
    assertThatThrownBy(() -> bundle("reaper.tar"))
        .isInstanceOf(ClusterException.class)
        .hasMessageContaining("files/reaper.tar is missing: run make bundle");
    assertThat(files.resolve(NAME + ".tar")).doesNotExist();
  }

  @Test
  void verifyAcceptsTheBundleWithItsKeyAndNoOther() throws IOException {
    Path bundle = unpacked();
    assertThat(install(bundle, Map.of(), "verify")).contains("compare it with a key");
    Path key = Files.copy(bundle.resolve("cosign.pub"), folder.resolve("release.pub"));
    assertThat(install(bundle, Map.of(), "verify", "--key", key.toString()))
        .doesNotContain("compare it with a key");
    String other =
        Command.run(
            List.of(
                "sh",
                "-c",
                "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 | openssl pkey -pubout"));
    Files.writeString(key, other);
    assertThatThrownBy(() -> install(bundle, Map.of(), "verify", "--key", key.toString()))
        .hasMessageContaining("SHA256SUMS was not signed with the key " + key);
  }

  @Test
  void nothingIsImportedOrInstalledFromADamagedBundle() throws IOException {
    Path bundle = unpacked();
    Map<String, String> commands = commands();
    Files.writeString(bundle.resolve("images/controller.tar"), "another image");
    for (String command : List.of("verify", "import", "install")) {
      assertThatThrownBy(() -> install(bundle, commands, command))
          .as(command)
          .hasMessageContaining("images/controller.tar: FAILED")
          .hasMessageContaining("the bundle is damaged: copy it again");
    }
  }

  @Test
  void eachImageIsImported() throws IOException {
    Path bundle = unpacked();
    assertThat(install(bundle, commands(), "import"))
        .isEqualTo("ctr --namespace k8s.io images import images/controller.tar\n");
    Map<String, String> own = new HashMap<>(commands());
    own.put("CTR", "ctr --address=/run/own.sock");
    assertThat(install(bundle, own, "import"))
        .isEqualTo("ctr --address=/run/own.sock images import images/controller.tar\n");
  }

  @Test
  void helmInstallsThePackageWithTheGivenFlags() throws IOException {
    assertThat(install(unpacked(), commands(), "install", "--set=config.domain=a b"))
        .contains("helm upgrade --install vdi-operator chart/vdi-operator-1.0.tgz")
        .endsWith(" --set=config.domain=a b\n");
  }

  @Test
  void anUnknownCommandShowsTheUsage() throws IOException {
    Path bundle = unpacked();
    assertThatThrownBy(() -> install(bundle, Map.of(), "check"))
        .hasMessageContaining("usage: install.sh verify");
  }

  private Path unpacked() {
    Path archive =
        bundle("controller.tar", "controller.tar.sig", "kubectl-vdi.tar", "vdi-operator-1.0.tgz");
    Command.run(List.of("tar", "--extract", "--file=" + archive, "--directory=" + folder));
    return folder.resolve(NAME);
  }

  private Path bundle(String... names) {
    List<String> command = new ArrayList<>(List.of("bin/bundle", files.toString(), NAME));
    command.addAll(List.of(names));
    String output =
        Command.run(
            command, Map.of("SIGNING_KEY", "", "VDI_CACHE", folder.resolve("cache").toString()));
    return Path.of(output.strip());
  }

  private static String install(Path bundle, Map<String, String> environment, String... arguments) {
    List<String> command = new ArrayList<>(List.of(bundle.resolve("install.sh").toString()));
    command.addAll(List.of(arguments));
    return Command.run(command, environment);
  }

  /** The PATH with a ctr and a helm that print their arguments. */
  private Map<String, String> commands() throws IOException {
    Path bin = Files.createDirectories(folder.resolve("bin"));
    for (String name : List.of("ctr", "helm")) {
      Path program = Files.writeString(bin.resolve(name), "#!/bin/sh\necho " + name + " \"$@\"\n");
      Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
    return Map.of("PATH", bin + ":/usr/bin:/bin", "CTR", "");
  }
}
