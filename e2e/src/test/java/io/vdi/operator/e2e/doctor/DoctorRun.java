package io.vdi.operator.e2e.doctor;

import static org.awaitility.Awaitility.await;

import io.vdi.operator.cli.cluster.ClusterAccess;
import io.vdi.operator.cli.cluster.KubeconfigLoader;
import io.vdi.operator.cli.doctor.Doctor;
import io.vdi.operator.cli.doctor.DoctorContext;
import io.vdi.operator.cli.doctor.Finding;
import io.vdi.operator.cli.doctor.Report;
import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.e2e.node.OperatorNode;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.awaitility.core.ConditionTimeoutException;

/**
 * The doctor with its inputs. It is immutable: each method {@code with…} returns a copy with one
 * input changed.
 *
 * @param router the address of the router
 * @param certificate the certificate to trust; empty: those of the system
 */
record DoctorRun(
    DoctorHarness harness,
    ClusterAccess cluster,
    String session,
    boolean probe,
    String router,
    Optional<Path> certificate,
    InstantSource clock) {
  private static final Duration INTERVAL = Duration.ofMillis(500);

  static DoctorRun of(DoctorHarness harness, String namespace, String session) {
    OperatorNode node = harness.node();
    return new DoctorRun(
        harness,
        new ClusterAccess(node.api(), namespace, OperatorNode.NAMESPACE),
        session,
        false,
        node.cluster().address(),
        Optional.of(node.routerCertificate()),
        InstantSource.system());
  }

  /** Connects with the given kubeconfig instead of the administrator's. */
  DoctorRun withKubeconfig(Path kubeconfig) {
    ClusterAccess other =
        KubeconfigLoader.connect(
            Optional.of(kubeconfig),
            Optional.empty(),
            Optional.of("default"),
            OperatorNode.NAMESPACE,
            Map.of());
    return new DoctorRun(harness, other, session, probe, router, certificate, clock);
  }

  /** Also runs programs in the desktop. */
  DoctorRun withProbe() {
    return new DoctorRun(harness, cluster, session, true, router, certificate, clock);
  }

  DoctorRun withRouter(String address) {
    return new DoctorRun(harness, cluster, session, probe, address, certificate, clock);
  }

  /** Trusts only the system's certificates. */
  DoctorRun withoutCertificate() {
    return new DoctorRun(harness, cluster, session, probe, router, Optional.empty(), clock);
  }

  DoctorRun withClock(InstantSource other) {
    return new DoctorRun(harness, cluster, session, probe, router, certificate, other);
  }

  Report report() {
    return new Doctor(
            new DoctorContext(
                cluster,
                Optional.of(session),
                false,
                probe,
                Optional.of(router),
                certificate,
                clock))
        .examine(rows -> {});
  }

  /** Returns when the doctor names this cause first. */
  Finding awaitCause(KnownCause cause) {
    Supplier<Report> reports = loggingChanges(cause.code());
    try {
      Finding finding =
          await(cause.code())
              .conditionEvaluationListener(condition -> {})
              .atMost(DoctorHarness.PATIENCE)
              .pollInterval(INTERVAL)
              .until(
                  () -> reports.get().cause(),
                  found -> found.filter(first -> first.cause() == cause).isPresent())
              .orElseThrow();
      harness.record(cause);
      return finding;
    } catch (ConditionTimeoutException e) {
      DoctorHarness.say(cause.code() + " failed: " + e);
      throw e;
    }
  }

  /** Returns when the doctor no longer finds this cause; it may find others. */
  void awaitFixed(KnownCause cause) {
    await(cause.code() + " to be fixed")
        .atMost(DoctorHarness.PATIENCE)
        .pollInterval(INTERVAL)
        .until(() -> report().findings().stream().noneMatch(found -> found.cause() == cause));
  }

  /**
   * Requires that the doctor names this cause first, and that the command it prints as the remedy
   * fixes it.
   */
  void awaitCauseAndFix(KnownCause cause) {
    Finding finding = awaitCause(cause);
    DoctorHarness.say(harness.shell(finding.command()));
    awaitFixed(cause);
    harness.alice().awaitHealth();
  }

  /** Returns when the doctor finds nothing. */
  void awaitHealth() {
    Supplier<Report> reports = loggingChanges("healthy");
    await("no finding")
        .atMost(DoctorHarness.PATIENCE)
        .pollInterval(INTERVAL)
        .until(() -> reports.get().findings().isEmpty());
  }

  /** Logs the findings each time they differ from those of the report before. */
  private Supplier<Report> loggingChanges(String expected) {
    AtomicReference<String> last = new AtomicReference<>("");
    return () -> {
      Report report = report();
      String found = report.findings().toString();
      if (!found.equals(last.getAndSet(found))) {
        DoctorHarness.say(expected + "? " + found);
      }
      return report;
    };
  }
}
