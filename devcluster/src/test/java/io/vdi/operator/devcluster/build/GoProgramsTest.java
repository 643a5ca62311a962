package io.vdi.operator.devcluster.build;

import static io.vdi.operator.devcluster.build.Architecture.AMD64;
import static io.vdi.operator.devcluster.build.Architecture.ARM64;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The cache already holds the programs, so that nothing is built. */
class GoProgramsTest {
  @TempDir private Path cache;
  private GoPrograms programs;

  @BeforeEach
  void open() {
    programs = new GoPrograms(new BuildCache(cache), Architecture.ofHost());
  }

  @Test
  void severalProgramsShareADirectory() throws IOException {
    Path kubernetes = cached("controlplane");
    Path kwok = cached("kwok");
    Path containerd = cached("containerd");
    assertThat(programs.kubernetes()).isEqualTo(kubernetes);
    assertThat(programs.kwok()).isEqualTo(kwok);
    assertThat(programs.containerd()).isEqualTo(containerd);
  }

  @Test
  void aProgramHasTheNameOfItsPackage() throws IOException {
    Path helm = cached("helm");
    Path traefik = cached("traefik");
    Path provisioner = cached("local-path");
    assertThat(programs.helm()).isEqualTo(helm.resolve("helm"));
    assertThat(programs.traefik()).isEqualTo(traefik.resolve("traefik"));
    assertThat(programs.localPathProvisioner())
        .isEqualTo(provisioner.resolve("local-path-provisioner"));
  }

  @Test
  void aProgramOfOurOwnHasTheNameOfItsModule() throws IOException {
    Path pause = cached("pause");
    Path plugin = cached("device-plugin");
    Path driver = cached("dra-driver");
    assertThat(programs.pause()).isEqualTo(pause.resolve("pause"));
    assertThat(programs.devicePlugin()).isEqualTo(plugin.resolve("device-plugin"));
    assertThat(programs.draDriver()).isEqualTo(driver.resolve("dra-driver"));
  }

  @Test
  void traefikCrdsAreOneFile() throws IOException {
    Path crds = cached("crds");
    assertThat(programs.traefikCrds()).isEqualTo(crds.resolve("traefik.yaml"));
    Path gateway = cached("gateway-crds");
    assertThat(programs.gatewayCrds()).isEqualTo(gateway.resolve("gateway.yaml"));
  }

  @Test
  void programsOfAnotherArchitectureAreKeptApart() throws IOException {
    Architecture other = Architecture.ofHost() == ARM64 ? AMD64 : ARM64;
    Path pause =
        Files.createDirectory(
            cache.resolve("pause-" + other.id() + "-" + new GoModule("pause").fingerprint()));
    assertThat(new GoPrograms(new BuildCache(cache), other).pause())
        .isEqualTo(pause.resolve("pause"));
  }

  private Path cached(String name) throws IOException {
    return Files.createDirectory(cache.resolve(name + "-" + new GoModule(name).fingerprint()));
  }
}
