package io.vdi.operator.devcluster.operator;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SupervisorProcessTest {
  @TempDir private Path root;
  private Path state;
  private SupervisorProcess supervisor;

  @BeforeEach
  void emptyCheckout() {
    Checkout checkout = new Checkout(root);
    state = checkout.state();
    supervisor = new SupervisorProcess(checkout);
  }

  @Test
  void thereIsNoneBeforeTheFirstStart() {
    assertThat(supervisor.isReady()).isFalse();
    assertThat(supervisor.stop()).isFalse();
  }

  @Test
  void anotherProgramWithTheSameNumberIsNotStopped() throws IOException {
    write("supervisor.pid", String.valueOf(ProcessHandle.current().pid()));
    write("ready", "");
    assertThat(supervisor.isReady()).isFalse();
    assertThat(supervisor.stop()).isFalse();
  }

  @Test
  void aDamagedFileMeansNone() throws IOException {
    write("supervisor.pid", "12x");
    assertThat(supervisor.stop()).isFalse();
  }

  private void write(String name, String content) throws IOException {
    Files.createDirectories(state);
    Files.writeString(state.resolve(name), content);
  }
}
