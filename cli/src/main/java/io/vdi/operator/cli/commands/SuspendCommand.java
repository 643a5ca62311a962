package io.vdi.operator.cli.commands;

import io.vdi.operator.cli.cluster.ClusterAccess;
import io.vdi.operator.cli.output.Console;
import io.vdi.operator.common.kube.MergePatch;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.VdiSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code kubectl vdi suspend}. */
@Command(
    name = "suspend",
    description = "Stop a desktop and free its GPU; home, password and URL are kept.")
public final class SuspendCommand extends SessionCommand {
  @Mixin private WaitOptions wait;

  public SuspendCommand(Console console) {
    super(console);
  }

  @Override
  int run(ClusterAccess cluster) {
    return setSuspended(true, cluster, name(), wait, console());
  }

  /** Sets {@code spec.suspended}; {@code resume} sets it to false. */
  static int setSuspended(
      boolean suspended, ClusterAccess cluster, String name, WaitOptions wait, Console console) {
    VdiSession session = cluster.session(name);
    String done = suspended ? "suspended" : "resumed";
    if (session.spec().suspended() == suspended) {
      console.out().println("vdisession/" + name + " is " + done + " already");
    } else {
      cluster.patch(
          session, MergePatch.forObject(session.metadata()).set("spec.suspended", suspended));
      console.out().println("vdisession/" + name + " " + done);
    }
    Phase phase = suspended ? Phase.SUSPENDED : Phase.RUNNING;
    boolean reached =
        wait.await(
            current ->
                current
                    .filter(SessionWait::isCurrent)
                    .filter(found -> found.status().is(phase))
                    .isPresent(),
            cluster,
            name,
            console);
    return reached ? 0 : 1;
  }
}
