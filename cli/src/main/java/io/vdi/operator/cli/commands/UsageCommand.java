package io.vdi.operator.cli.commands;

import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.cli.cluster.ClusterAccess;
import io.vdi.operator.cli.cluster.OperatorSettings;
import io.vdi.operator.cli.output.Console;
import io.vdi.operator.cli.output.Format;
import io.vdi.operator.cli.output.Table;
import io.vdi.operator.common.usage.UsagePeriod;
import io.vdi.operator.common.usage.UsageReport;
import io.vdi.operator.common.usage.UsageReport.Dimension;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneId;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code kubectl vdi usage}; docs/specification.md, section 9. */
@Command(
    name = "usage",
    description = {
      "Show how long desktops were used, and how many GPU hours.",
      "You need the role vdi-usage-view in the namespace of the operator. The page Usage of the portal shows everybody"
          + " their own use."
    })
public final class UsageCommand extends ClusterCommand {
  @Option(
      names = "--by",
      paramLabel = "LIST",
      defaultValue = "user",
      completionCandidates = Dimensions.class,
      description =
          "What a row is about: a list of ${COMPLETION-CANDIDATES}, such as user,month (default: ${DEFAULT-VALUE}).")
  private String by;

  @Option(
      names = "--month",
      paramLabel = "YYYY-MM",
      description =
          "The use of this month, such as 2026-11 (default: the present month; with --by month every month).")
  private String month;

  @Mixin private AllNamespacesOption all;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORMAT",
      defaultValue = "table",
      description = "One of ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private Output output;

  /** CSV and JSON are those of {@code GET /api/v1/usage} of the gate. */
  enum Output {
    TABLE,
    CSV,
    JSON,
    YAML;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** For the completion of {@code --by}. */
  static final class Dimensions implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Stream.of(Dimension.values()).map(Dimension::text).iterator();
    }
  }

  public UsageCommand(Console console) {
    super(console);
  }

  @Override
  int run(ClusterAccess cluster) {
    List<Dimension> dimensions =
        Dimension.parse(by)
            .orElseThrow(
                () -> new CliException.Usage("--by \"" + by + "\" must be " + Dimension.RULE));
    Instant now = cluster.serverTime();
    UsageReport report = new UsageReport(dimensions, period(dimensions, now, zone(cluster)));
    read(cluster, report, now);
    switch (output) {
      case TABLE -> table(cluster, report);
      case CSV -> console().out().print(report.csv());
      case JSON -> print(Format.JSON.of(report.json()));
      case YAML -> print(Format.YAML.of(report.json()));
    }
    return 0;
  }

  private UsagePeriod period(List<Dimension> dimensions, Instant now, ZoneId zone) {
    if (month == null) {
      return dimensions.contains(Dimension.MONTH)
          ? new UsagePeriod(UsagePeriod.earliest(now), now, zone)
          : UsagePeriod.ofThisMonth(now, zone);
    }
    UsagePeriod period;
    try {
      period = UsagePeriod.of(YearMonth.parse(month), now, zone);
    } catch (DateTimeException e) {
      throw wrongMonth();
    }
    if (period.from().isAfter(now) || period.from().isBefore(UsagePeriod.earliest(now))) {
      throw wrongMonth();
    }
    return period;
  }

  private CliException wrongMonth() {
    return new CliException.Usage(
        "--month \"%s\" must be a month of the last %d years, such as 2026-11"
            .formatted(month, UsagePeriod.MAX_YEARS));
  }

  /** Months begin where the gate and the budgets say they do. */
  private static ZoneId zone(ClusterAccess cluster) {
    try {
      return OperatorSettings.usageZone(cluster);
    } catch (CliException.ApiRejected e) {
      throw explained(cluster, e);
    }
  }

  private void read(ClusterAccess cluster, UsageReport report, Instant now) {
    try {
      cluster.usages(
          report.period().selector(now),
          usage -> {
            if (all.isSet() || usage.spec().session().namespace().equals(cluster.namespace())) {
              report.add(usage.spec());
            }
          });
    } catch (CliException.ApiRejected e) {
      throw explained(cluster, e);
    }
  }

  /** What RBAC refuses, with the role that allows it. */
  private static CliException explained(ClusterAccess cluster, CliException.ApiRejected failure) {
    return failure.isForbidden()
        ? failure.with(
            "an administrator can give you the role: kubectl -n %s create rolebinding <name>"
                    .formatted(cluster.operatorNamespace())
                + " --clusterrole=vdi-usage-view --user=<you>; your own use is on the page Usage of"
                + " the portal")
        : failure;
  }

  private void table(ClusterAccess cluster, UsageReport report) {
    List<UsageReport.Row> rows = report.rows();
    if (rows.isEmpty()) {
      console()
          .err()
          .println(
              "No use recorded"
                  + (all.isSet() ? "" : " for namespace " + cluster.namespace())
                  + (month == null ? "" : " in " + month)
                  + "; see also -A and --month.");
      return;
    }
    Table table =
        new Table(
            Stream.concat(
                    report.by().stream().map(Dimension::name),
                    Stream.of("SESSIONS", "HOURS", "GPU HOURS"))
                .toArray(String[]::new));
    for (UsageReport.Row row : rows) {
      table.row(
          Stream.concat(
                  row.keys().stream(),
                  Stream.of(
                      String.valueOf(row.sessions()),
                      UsageReport.hours(row.seconds()),
                      UsageReport.hours(row.gpuSeconds())))
              .toArray(String[]::new));
    }
    table.lines(console().width()).forEach(this::print);
  }
}
