package io.vdi.operator.e2e.doctor;

import static org.awaitility.Awaitility.await;

import io.vdi.operator.cli.cluster.ClusterAccess;
import io.vdi.operator.cli.doctor.Doctor;
import io.vdi.operator.cli.doctor.DoctorContext;
import io.vdi.operator.cli.doctor.Finding;
import io.vdi.operator.cli.doctor.Report;
import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.e2e.node.Node;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;

/** Where the doctor is at work: the node, and programs as an admin has them on the PATH. */
final class DoctorHarness {
  static final Duration PATIENCE = Duration.ofSeconds(90);

  private final Node node;

  DoctorHarness(Node node) {
    this.node = node;
  }

  /** How the doctor is asked, where a test does not say otherwise. */
  DoctorContext examination(String namespace, String session) {
    return new DoctorContext(
        new ClusterAccess(node.api(), namespace, Node.NAMESPACE),
        Optional.of(session),
        false,
        false,
        Optional.of(node.cluster().address()),
        Optional.of(node.routerCertificate()),
        InstantSource.system());
  }

  static Report examine(DoctorContext examination) {
    return new Doctor(examination).examine(rows -> {});
  }

  /** Returns when the doctor names this cause first. */
  Finding awaitCause(KnownCause cause, DoctorContext examination) {
    StringBuilder last = new StringBuilder();
    return await(cause.code())
        .conditionEvaluationListener(condition -> {})
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(500))
        .until(
            () -> {
              Report report = examine(examination);
              String found = report.findings().toString();
              if (!found.contentEquals(last)) {
                last.setLength(0);
                last.append(found);
                say(cause.code() + "? " + found);
              }
              return report.cause();
            },
            found -> found.filter(finding -> finding.cause() == cause).isPresent())
        .orElseThrow();
  }

  /** Returns when the doctor finds it no longer, whatever else. */
  void awaitMended(KnownCause cause, DoctorContext examination) {
    await(cause.code() + " to be mended")
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(500))
        .until(() ->
            examine(examination).findings().stream().noneMatch(found -> found.cause() == cause));
  }

  void awaitHealth(DoctorContext examination) {
    StringBuilder last = new StringBuilder();
    await("no finding")
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(500))
        .until(() -> {
          String found = examine(examination).findings().toString();
          if (!found.contentEquals(last)) {
            last.setLength(0);
            last.append(found);
            say("healthy? " + found);
          }
          return found.equals("[]");
        });
  }

  /** At once, and not when the test is over. */
  static void say(String words) {
    try {
      Files.writeString(
          Path.of("target/faults.txt"),
          words + "\n",
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
