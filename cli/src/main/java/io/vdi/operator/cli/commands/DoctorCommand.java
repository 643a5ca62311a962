package io.vdi.operator.cli.commands;

import io.vdi.operator.cli.cluster.ClusterAccess;
import io.vdi.operator.cli.doctor.Doctor;
import io.vdi.operator.cli.doctor.DoctorContext;
import io.vdi.operator.cli.doctor.Finding;
import io.vdi.operator.cli.doctor.JsonReport;
import io.vdi.operator.cli.doctor.JunitReport;
import io.vdi.operator.cli.doctor.Report;
import io.vdi.operator.cli.doctor.TextReport;
import io.vdi.operator.cli.output.Console;
import io.vdi.operator.cli.output.TerminalSanitizer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code kubectl vdi doctor}. */
@Command(
    name = "doctor",
    description = {
      "Check the operator and its sessions, and print the cause and the remedy of each problem.",
      "The doctor changes nothing. Checks that your permissions do not allow are skipped."
    },
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {
      "0:no errors",
      "1:warnings, with --strict",
      "2:errors",
      "64:wrong usage",
      "130:interrupted"
    })
public final class DoctorCommand extends ClusterCommand {
  @Parameters(
      paramLabel = "SESSION",
      arity = "0..1",
      description = "Name of one session (default: all sessions of the namespace).")
  private String session;

  @Mixin private AllNamespacesOption all;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORMAT",
      defaultValue = "table",
      description = "One of ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private Output output;

  @Option(names = "--strict", description = "Exit with code 1 if there are warnings.")
  private boolean strict;

  @Option(
      names = "--probe",
      description =
          "Also run programs in each desktop to check that its home is writable and that its"
              + " NetworkPolicy is enforced.")
  private boolean probe;

  @Option(
      names = "--watch",
      description = "Repeat the checks until Ctrl-C, and print what changes.")
  private boolean watch;

  @Option(
      names = "--interval",
      paramLabel = "DURATION",
      defaultValue = "10s",
      converter = WaitOptions.DurationConverter.class,
      description = "Time between the checks of --watch (default: ${DEFAULT-VALUE}).")
  private Duration interval;

  @Option(
      names = "--router",
      paramLabel = "ADDRESS",
      description = "Use this address for all session URLs instead of DNS.")
  private String router;

  @Option(
      names = "--certificate-authority",
      paramLabel = "FILE",
      description = "CA certificates for session URLs (default: those of the system).")
  private Path certificateAuthority;

  /** The format of the report. */
  enum Output {
    TABLE,
    JSON,
    JUNIT;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  public DoctorCommand(Console console) {
    super(console);
  }

  @Override
  int run(ClusterAccess cluster) {
    DoctorContext context =
        new DoctorContext(
            cluster,
            Optional.ofNullable(session),
            all.isSet(),
            probe,
            Optional.ofNullable(router),
            Optional.ofNullable(certificateAuthority),
            InstantSource.system());
    Report report = examine(context);
    Set<Finding> known = new LinkedHashSet<>(report.findings());
    while (watch) {
      SessionWait.pause(interval);
      report = new Doctor(context).examine(rows -> {});
      known = printChanges(known, new LinkedHashSet<>(report.findings()));
    }
    return report.exitCode(strict);
  }

  private Report examine(DoctorContext context) {
    TextReport text = new TextReport(console());
    Doctor doctor = new Doctor(context);
    Report report = doctor.examine(output == Output.TABLE ? text::printProgress : rows -> {});
    switch (output) {
      case TABLE -> text.printConclusion(report);
      case JSON -> print(JsonReport.of(report));
      case JUNIT -> print(JunitReport.of(report));
    }
    return report;
  }

  private Set<Finding> printChanges(Set<Finding> before, Set<Finding> now) {
    String time = LocalTime.now(ZoneId.systemDefault()).truncatedTo(ChronoUnit.SECONDS).toString();
    before.stream()
        .filter(finding -> now.stream().noneMatch(other -> isSame(finding, other)))
        .forEach(finding -> print(time + " gone:  " + summary(finding)));
    now.stream()
        .filter(finding -> before.stream().noneMatch(other -> isSame(finding, other)))
        .forEach(finding -> print(time + " found: " + summary(finding)));
    console().out().flush();
    return now;
  }

  /** The observed value does not count: it may contain a number of seconds. */
  private static boolean isSame(Finding finding, Finding other) {
    return finding.cause() == other.cause() && finding.object().equals(other.object());
  }

  private static String summary(Finding finding) {
    return TerminalSanitizer.of(
        finding.cause().code() + " " + finding.object() + ": " + finding.observed());
  }
}
