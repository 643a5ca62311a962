package io.vdi.operator.cli.commands;

import io.vdi.operator.cli.cluster.ClusterAccess;
import io.vdi.operator.cli.output.Console;
import io.vdi.operator.common.kube.MergePatch;
import io.vdi.operator.common.model.Share;
import io.vdi.operator.common.model.VdiSession;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code kubectl vdi unshare}. */
@Command(name = "unshare", description = "End the share of a guest, and disconnect the guest.")
public final class UnshareCommand extends SessionCommand {
  @Parameters(
      index = "1",
      paramLabel = "USER",
      description = "E-mail address of the guest, or the user of a link.")
  private String user;

  public UnshareCommand(Console console) {
    super(console);
  }

  @Override
  int run(ClusterAccess cluster) {
    VdiSession session = cluster.session(name());
    List<Share> rest = Share.without(session.spec().shares(), user);
    if (rest.size() == session.spec().shares().size()) {
      print("vdisession/%s is not shared with %s".formatted(name(), user));
      return 0;
    }
    cluster.patch(
        session, MergePatch.forVersion(session.metadata()).set("spec.shares", Share.toJson(rest)));
    print("vdisession/%s is no longer shared with %s".formatted(name(), user));
    return 0;
  }
}
