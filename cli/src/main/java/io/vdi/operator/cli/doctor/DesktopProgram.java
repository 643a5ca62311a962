package io.vdi.operator.cli.doctor;

import io.kubernetes.client.Exec;
import io.kubernetes.client.openapi.ApiException;
import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.common.model.Pod;
import java.io.IOException;
import java.util.concurrent.TimeUnit;

/** Runs a program in a desktop; only with {@code --probe}. */
final class DesktopProgram {
  private static final int TIMEOUT_SECONDS = 10;

  private DesktopProgram() {}

  /**
   * Returns the exit code of the program.
   *
   * @throws CliException if the user may not run programs, or the program does not end in time
   */
  static int run(SessionContext context, String... command) {
    try {
      Process program =
          new Exec(context.cluster().api().streamingClient())
              .exec(context.namespace(), context.name(), command, Pod.DESKTOP, false, false);
      if (!program.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        program.destroy();
        throw new CliException.Failed(
            "the desktop did not answer within " + TIMEOUT_SECONDS + " s");
      }
      return program.exitValue();
    } catch (ApiException | IOException e) {
      throw new CliException.Failed("cannot run a program in the desktop: " + e.getMessage());
    } catch (InterruptedException e) {
      throw CliException.Interrupted.restoringFlag();
    }
  }

  /** The program does not exist, or the API server has rejected the request. */
  static CliException failed(int exitCode) {
    return new CliException.Failed("cannot run a program in the desktop: exit code " + exitCode);
  }
}
