package io.vdi.operator.cli.commands;

import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.cli.cluster.ClusterAccess;
import io.vdi.operator.cli.output.Console;
import io.vdi.operator.common.kube.MergePatch;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.Durations;
import io.vdi.operator.common.model.SessionExtension;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code kubectl vdi extend}. */
@Command(
    name = "extend",
    description = "Continue a session beyond its timeout, or beyond the stop of its schedule.")
public final class ExtendCommand extends SessionCommand {
  @ArgGroup(exclusive = true, multiplicity = "1")
  private Length length;

  /** Exactly one of the two options is set. */
  static final class Length {
    @Option(
        names = "--by",
        paramLabel = "DURATION",
        converter = WaitOptions.DurationConverter.class,
        description =
            "Add this to the current timeout, such as 2h. If the schedule stops the session earlier, add it to"
                + " that time.")
    private Duration by;

    @Option(
        names = "--to",
        paramLabel = "DURATION",
        converter = WaitOptions.DurationConverter.class,
        description = "The new timeout, counted from the session's start.")
    private Duration to;

    SessionExtension of(VdiSession session, Defaults.EffectiveSpec spec, Instant now) {
      return by == null
          ? SessionExtension.to(to, session, spec, now)
          : SessionExtension.by(by, session, spec, now);
    }
  }

  public ExtendCommand(Console console) {
    super(console);
  }

  @Override
  int run(ClusterAccess cluster) {
    VdiSession session = cluster.session(name());
    Optional<VdiTemplate> template = cluster.template(session.spec().template());
    Defaults.EffectiveSpec spec =
        Defaults.effectiveSpec(
            session.spec(), template.map(VdiTemplate::spec).orElse(VdiTemplate.Spec.EMPTY));
    Duration current = spec.timeout();
    SessionExtension extension = length.of(session, spec, Instant.now());
    Duration timeout = extension.timeout();
    if (timeout.compareTo(current) < 0) {
      throw new CliException.Usage(
          "--to %s is shorter than the session's timeout of %s; to shorten it: kubectl edit vdi %s"
              .formatted(Durations.format(timeout), Durations.format(current), name()));
    }
    // Optimistic locking: of two concurrent extensions one fails with a conflict.
    MergePatch patch =
        MergePatch.forVersion(session.metadata()).set("spec.timeout", Durations.format(timeout));
    extension.awakeUntil().ifPresent(until -> patch.set("spec.awakeUntil", until.toString()));
    cluster.patch(session, patch);
    print(
        "vdisession/%s extended: timeout %s -> %s%s%s"
            .formatted(
                name(),
                Durations.format(current),
                Durations.format(timeout),
                session
                    .status()
                    .startedAt()
                    .map(start -> ", until " + start.plus(timeout))
                    .orElse(""),
                extension
                    .awakeUntil()
                    .map(until -> "; its schedule does not stop it before " + until)
                    .orElse("")));
    return 0;
  }
}
