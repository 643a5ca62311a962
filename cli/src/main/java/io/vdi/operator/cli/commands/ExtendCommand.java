package io.vdi.operator.cli.commands;

import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.cli.cluster.ClusterAccess;
import io.vdi.operator.cli.output.Console;
import io.vdi.operator.common.kube.MergePatch;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.Durations;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.time.Duration;
import java.util.Optional;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code kubectl vdi extend}. */
@Command(name = "extend", description = "Raise the timeout of a session.")
public final class ExtendCommand extends SessionCommand {
  @ArgGroup(exclusive = true, multiplicity = "1")
  private Length length;

  /** Exactly one of the two options is set. */
  static final class Length {
    @Option(
        names = "--by",
        paramLabel = "DURATION",
        converter = WaitOptions.DurationConverter.class,
        description = "Add this to the current timeout, such as 2h.")
    private Duration by;

    @Option(
        names = "--to",
        paramLabel = "DURATION",
        converter = WaitOptions.DurationConverter.class,
        description = "The new timeout, counted from the session's start.")
    private Duration to;

    Duration after(Duration current) {
      return by == null ? to : current.plus(by);
    }
  }

  public ExtendCommand(Console console) {
    super(console);
  }

  @Override
  int run(ClusterAccess cluster) {
    VdiSession session = cluster.session(name());
    Optional<VdiTemplate> template = cluster.template(session.spec().template());
    Duration current =
        Defaults.effectiveSpec(
                session.spec(), template.map(VdiTemplate::spec).orElse(VdiTemplate.Spec.EMPTY))
            .timeout();
    Duration timeout = length.after(current);
    if (timeout.compareTo(current) < 0) {
      throw new CliException.Usage(
          "--to %s is shorter than the session's timeout of %s; to shorten it: kubectl edit vdi %s"
              .formatted(Durations.format(timeout), Durations.format(current), name()));
    }
    // Optimistic locking: of two concurrent extensions one fails with a conflict.
    cluster.patch(
        session,
        MergePatch.forVersion(session.metadata()).set("spec.timeout", Durations.format(timeout)));
    print(
        "vdisession/%s extended: timeout %s -> %s%s"
            .formatted(
                name(),
                Durations.format(current),
                Durations.format(timeout),
                session
                    .status()
                    .startedAt()
                    .map(start -> ", until " + start.plus(timeout))
                    .orElse("")));
    return 0;
  }
}
