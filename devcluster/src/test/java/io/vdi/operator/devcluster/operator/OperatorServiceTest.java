package io.vdi.operator.devcluster.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.ExitWithParent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class OperatorServiceTest {
  @TempDir private Path checkout;

  @Test
  void aLaunchRunsTheJarsThatMavenHasPackaged() throws IOException {
    Path target = packaged("reaper", "b.jar", "a.jar");
    OperatorProcess.Launch launch = launch(OperatorService.REAPER, Map.of("vdiConfig_X", "1"));
    assertThat(launch.classPath())
        .startsWith(
            target.resolve("reaper.jar"), target.resolve("lib/a.jar"), target.resolve("lib/b.jar"));
    assertThat(launch.program())
        .containsExactly(ExitWithParent.class.getName(), "io.vdi.operator.reaper.Main");
    assertThat(launch.environment())
        .containsEntry("vdiConfig_LEADER_ELECTION_NAMESPACE", "vdi-system")
        .containsEntry("vdiConfig_X", "1");
  }

  @Test
  void theWebhookHasNoLeaderElection() throws IOException {
    packaged("admission-webhook");
    OperatorProcess.Launch launch =
        launch(OperatorService.ADMISSION_WEBHOOK, OperatorService.webhookAt(8443));
    assertThat(launch.program()).last().isEqualTo("io.vdi.operator.admission.Main");
    assertThat(launch.environment())
        .containsEntry("vdiConfig_NAMESPACE", "vdi-system")
        .containsEntry("vdiConfig_ADMISSION_PORT", "8443")
        .doesNotContainKey("vdiConfig_LEADER_ELECTION_NAMESPACE");
  }

  @Test
  void theGateHasNoLeaderElection() throws IOException {
    packaged("gate");
    OperatorProcess.Launch launch =
        launch(
            OperatorService.GATE, OperatorService.gateAt(8080, 8082, "https://portal.example.com"));
    assertThat(launch.program()).last().isEqualTo("io.vdi.operator.gate.Main");
    assertThat(launch.environment())
        .containsEntry("vdiConfig_NAMESPACE", "vdi-system")
        .containsEntry("vdiConfig_GATE_PUBLIC_URL", "https://portal.example.com")
        .doesNotContainKey("vdiConfig_LEADER_ELECTION_NAMESPACE");
  }

  @Test
  void aServiceThatIsNotBuiltIsNamed() {
    assertThatThrownBy(() -> launch(OperatorService.CONTROLLER, Map.of()))
        .isInstanceOf(ClusterException.class)
        .hasMessageStartingWith("controller is not built: ")
        .hasMessageEndingWith("is missing; run make build");
  }

  /** The JVM does not start with two, and chooses one by the size of the machine without any. */
  @ParameterizedTest
  @EnumSource
  void eachServiceHasOneGarbageCollector(OperatorService service) {
    assertThat(service.jvmFlags()).filteredOn(flag -> flag.matches("-XX:\\+Use.*GC")).hasSize(1);
  }

  private OperatorProcess.Launch launch(OperatorService service, Map<String, String> settings) {
    return service.launch(
        checkout,
        OperatorService.NAMESPACE,
        checkout.resolve("kubeconfig"),
        checkout,
        "name",
        settings);
  }

  private Path packaged(String module, String... libraries) throws IOException {
    Path target = checkout.resolve(module).resolve("target");
    Files.createDirectories(target.resolve("lib"));
    for (String library : libraries) {
      Files.createFile(target.resolve("lib").resolve(library));
    }
    return target;
  }
}
