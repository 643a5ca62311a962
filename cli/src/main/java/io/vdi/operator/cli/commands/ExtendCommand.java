package io.vdi.operator.cli.commands;

import com.google.gson.JsonObject;
import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.cli.cluster.ClusterAccess;
import io.vdi.operator.cli.output.Console;
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
@Command(name = "extend", description = "Let a session run longer.")
public final class ExtendCommand extends SessionCommand {
  @ArgGroup(exclusive = true, multiplicity = "1")
  private Length length;

  /** How much longer. */
  static final class Length {
    @Option(
        names = "--by",
        paramLabel = "DURATION",
        converter = WaitOptions.DurationConverter.class,
        description = "So much longer, such as 2h.")
    private Duration by;

    @Option(
        names = "--to",
        paramLabel = "DURATION",
        converter = WaitOptions.DurationConverter.class,
        description = "So long in all, counted from its start.")
    private Duration to;
  }

  public ExtendCommand(Console console) {
    super(console);
  }

  @Override
  int run(ClusterAccess cluster) {
    VdiSession session = cluster.session(name());
    Optional<VdiTemplate> template = cluster.template(session.spec().template());
    Duration now =
        Defaults.effectiveSpec(
                session.spec(), template.map(VdiTemplate::spec).orElse(VdiTemplate.Spec.EMPTY))
            .timeout();
    Duration then = length.by == null ? length.to : now.plus(length.by);
    if (then.compareTo(now) < 0) {
      throw new CliException(
          0,
          "--to "
              + Durations.format(then)
              + " is shorter than its timeout of "
              + Durations.format(now)
              + "; kubectl edit vdi "
              + name()
              + " shortens it");
    }
    JsonObject spec = new JsonObject();
    spec.addProperty("timeout", Durations.format(then));
    JsonObject metadata = new JsonObject();
    // Two that extend at once add up, or one is told.
    metadata.addProperty("resourceVersion", session.metadata().resourceVersion());
    JsonObject patch = new JsonObject();
    patch.add("metadata", metadata);
    patch.add("spec", spec);
    cluster.patch(session, patch);
    print(
        "vdisession/"
            + name()
            + " extended: timeout "
            + Durations.format(now)
            + " -> "
            + Durations.format(then)
            + session.status().startedAt().map(start -> ", until " + start.plus(then)).orElse(""));
    return 0;
  }
}
