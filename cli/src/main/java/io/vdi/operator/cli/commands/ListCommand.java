package io.vdi.operator.cli.commands;

import com.google.gson.JsonObject;
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
import picocli.CommandLine.Option;

/** {@code kubectl vdi list}. */
@Command(name = "list", aliases = "ls", description = "The sessions of a namespace, or of all.")
public final class ListCommand extends ClusterCommand {
  @Option(
      names = {"-A", "--all-namespaces"},
      description = "Of all namespaces.")
  private boolean all;

  @Mixin private FormatOption output;

  public ListCommand(Console console) {
    super(console);
  }

  /** The names alone, for completion. */
  List<String> names() {
    try (ClusterAccess cluster = connect()) {
      return cluster.sessions(cluster.namespace()).stream().map(VdiSession::name).toList();
    }
  }

  @Override
  int run(ClusterAccess cluster) {
    Format format = output.format();
    String namespace = all ? "" : cluster.namespace();
    if (!format.isTable()) {
      JsonObject list =
          cluster
              .get(ResourceType.SESSION.path(namespace))
              .orElseThrow(() -> new CliException(404, "the operator is not installed"));
      print(format.of(list));
      return 0;
    }
    var sessions = cluster.sessions(namespace);
    if (sessions.isEmpty()) {
      console()
          .err()
          .println("No sessions found" + (all ? "." : " in namespace " + namespace + "."));
      return 0;
    }
    SessionTable.lines(sessions, all, format == Format.WIDE, Instant.now(), console())
        .forEach(this::print);
    return 0;
  }
}
