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
    description = "End a session. Its home goes with it, unless its reclaimPolicy is Retain.")
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
    boolean gone =
        !wait.isEnabled()
            || SessionWait.until(
                // One of the same name that comes after it is another.
                seen -> seen.filter(found -> found.uid().equals(session.uid())).isEmpty(),
                cluster,
                name(),
                wait.timeout(),
                console());
    return gone ? 0 : 1;
  }
}
