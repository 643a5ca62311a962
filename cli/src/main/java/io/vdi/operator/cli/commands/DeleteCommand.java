package io.vdi.operator.cli.commands;

import io.vdi.operator.cli.cluster.ClusterAccess;
import io.vdi.operator.cli.output.Console;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code kubectl vdi delete}. */
@Command(
    name = "delete",
    description = "Delete a session, and its home unless the session's reclaimPolicy is Retain.")
public final class DeleteCommand extends SessionCommand {
  @Mixin private WaitOptions wait;

  public DeleteCommand(Console console) {
    super(console);
  }

  @Override
  int run(ClusterAccess cluster) {
    VdiSession session = cluster.session(name());
    ClusterAccess.valueOf(
        cluster.api().delete(ResourceType.SESSION, session.namespace(), name(), session.uid()),
        name());
    print("vdisession/" + name() + " deleted");
    boolean deleted =
        wait.await(
            // A new session of the same name has another UID.
            current -> current.filter(found -> found.uid().equals(session.uid())).isEmpty(),
            cluster,
            name(),
            console());
    return deleted ? 0 : 1;
  }
}
