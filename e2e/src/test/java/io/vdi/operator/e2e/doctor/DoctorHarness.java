package io.vdi.operator.e2e.doctor;

import static org.assertj.core.api.Assertions.as;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonElement;
import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.e2e.cli.Shell;
import io.vdi.operator.e2e.node.OperatorNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;

/** What all tests of the doctor share: the node, a shell with its tools, and the causes found. */
final class DoctorHarness {
  /** The session that is healthy unless a test breaks it. It holds the node's only GPU. */
  static final String ALICE = "alice-faults";

  static final Duration PATIENCE = Duration.ofSeconds(90);

  private static final Path PROGRESS = Path.of("target/faults.txt");

  private final OperatorNode node;
  private final Shell shell;
  private final Path folder;
  private final TurnRelay relay;
  private final Set<KnownCause> found = EnumSet.noneOf(KnownCause.class);

  /**
   * @param folder for the plugin, kubeconfig files and the files of the relay
   */
  DoctorHarness(OperatorNode node, Path folder) {
    this.node = node;
    this.folder = folder;
    this.shell = new Shell(node, folder);
    this.relay = new TurnRelay(folder);
  }

  OperatorNode node() {
    return node;
  }

  Path folder() {
    return folder;
  }

  TurnRelay relay() {
    return relay;
  }

  /** Runs a command as an administrator would; returns its output. */
  String shell(String command) {
    return shell.run(command);
  }

  Shell shell() {
    return shell;
  }

  /** The doctor with its usual inputs, for a session in the namespace default. */
  DoctorRun doctor(String session) {
    return doctor("default", session);
  }

  DoctorRun doctor(String namespace, String session) {
    return DoctorRun.of(this, namespace, session);
  }

  /** The doctor for the healthy session. */
  DoctorRun alice() {
    return doctor(ALICE);
  }

  void awaitRunning(String session) {
    await(session).atMost(PATIENCE).until(() -> node.phase(session).equals("Running"));
  }

  /**
   * Requires that the message in a session's status names this cause too. The doctor reads the
   * cluster itself, so it can know the cause before the controller has written it.
   */
  void assertStatusNames(KnownCause cause, String session) {
    await(session)
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(node.session(session).getAsJsonObject("status").get("message"))
                .extracting(JsonElement::getAsString, as(STRING))
                .endsWith(cause.tag()));
  }

  /** Restores everything that the chart installs, and waits until alice's session is healthy. */
  void helmUpgrade() {
    shell("helm upgrade vdi-operator charts/vdi-operator -n vdi-system --reuse-values");
    alice().awaitHealth();
  }

  /** Counts a cause as covered: the doctor has named it first. */
  void record(KnownCause cause) {
    found.add(cause);
  }

  /** The causes that the doctor has named first so far. */
  Set<KnownCause> found() {
    return EnumSet.copyOf(found);
  }

  /** Appends to a file that can be followed while the tests run. */
  static void say(String message) {
    try {
      Files.writeString(
          PROGRESS, message + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
