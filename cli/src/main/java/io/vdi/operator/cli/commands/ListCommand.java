package io.vdi.operator.cli.commands;

import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.cli.cluster.ClusterAccess;
import io.vdi.operator.cli.output.Console;
import io.vdi.operator.cli.output.Format;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import java.time.Instant;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code kubectl vdi list}. */
@Command(name = "list", aliases = "ls", description = "List the sessions of a namespace.")
public final class ListCommand extends ClusterCommand {
  @Mixin private AllNamespacesOption all;

  @Mixin private FormatOption output;

  public ListCommand(Console console) {
    super(console);
  }

  /** The names of the sessions, for completion. */
  List<String> names() {
    try (ClusterAccess cluster = connect()) {
      return cluster.sessions(cluster.namespace()).stream().map(VdiSession::name).toList();
    }
  }

  @Override
  int run(ClusterAccess cluster) {
    Format format = output.format();
    String namespace = all.isSet() ? "" : cluster.namespace();
    if (!format.isTable()) {
      print(
          format.of(
              cluster
                  .get(ResourceType.SESSION.path(namespace))
                  .orElseThrow(() -> new CliException.Failed("the operator is not installed"))));
      return 0;
    }
    List<VdiSession> sessions = cluster.sessions(namespace);
    if (sessions.isEmpty()) {
      console()
          .err()
          .println("No sessions found" + (all.isSet() ? "." : " in namespace " + namespace + "."));
      return 0;
    }
    SessionTable.lines(sessions, all.isSet(), format == Format.WIDE, Instant.now(), console())
        .forEach(this::print);
    return 0;
  }
}
