package io.vdi.operator.cli.commands;

import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.cli.cluster.ClusterAccess;
import io.vdi.operator.cli.cluster.PortForward;
import io.vdi.operator.cli.cluster.SessionLogin;
import io.vdi.operator.cli.output.Console;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.io.IOException;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code kubectl vdi open}. */
@Command(
    name = "open",
    description =
        "Address, user name and password of a desktop; --port-forward where the route fails.")
public final class OpenCommand extends SessionCommand {
  @Option(
      names = "--port-forward",
      description =
          "Bring the desktop to a port of this machine, through the API server, until Ctrl-C.")
  private boolean forward;

  @Option(
      names = "--port",
      defaultValue = "0",
      description = "The port for --port-forward (default: any that is free).")
  private int port;

  @Option(names = "--browser", description = "Open the address in the browser too.")
  private boolean browser;

  @Mixin private WaitOptions wait;

  public OpenCommand(Console console) {
    super(console);
  }

  @Override
  int run(ClusterAccess cluster) {
    if (wait.isEnabled()
        && !SessionWait.until(
            seen ->
                seen.flatMap(found -> found.status().currentPhase())
                    .equals(Optional.of(Phase.RUNNING)),
            cluster,
            name(),
            wait.timeout(),
            console())) {
      return 1;
    }
    VdiSession session = cluster.session(name());
    String phase = session.status().currentPhase().map(Phase::text).orElse("Pending");
    if (!phase.equals(Phase.RUNNING.text())) {
      console()
          .err()
          .println(
              "warning: the session is "
                  + phase
                  + (session.spec().suspended()
                      ? "; kubectl vdi resume " + name()
                      : ", not Running; --wait waits, kubectl vdi doctor "
                          + name()
                          + " tells why"));
    }
    Optional<VdiTemplate> template = cluster.template(session.spec().template());
    SessionLogin login = SessionLogin.of(cluster, session, template);
    if (!forward) {
      if (session.status().url().isEmpty()) {
        throw new CliException(0, "the session has no URL; try --port-forward");
      }
      printLogin(session.status().url(), login);
      return 0;
    }
    int target = template.map(found -> found.spec().port()).orElse(8080);
    try (PortForward forwarded =
        PortForward.start(cluster, session.namespace(), name(), target, port)) {
      printLogin("http://127.0.0.1:" + forwarded.localPort() + "/", login);
      console().err().println("Ctrl-C ends the forwarding.");
      new CountDownLatch(1).await();
      return 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 0;
    }
  }

  private void printLogin(String url, SessionLogin login) {
    print("URL:       " + url);
    print("User:      " + login.user());
    print("Password:  " + login.password());
    if (browser) {
      boolean mac = System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("mac");
      try {
        new ProcessBuilder(mac ? "open" : "xdg-open", url)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
      } catch (IOException e) {
        console().err().println("warning: no browser can be opened: " + e.getMessage());
      }
    }
  }
}
