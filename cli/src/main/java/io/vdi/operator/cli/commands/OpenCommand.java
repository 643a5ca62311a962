package io.vdi.operator.cli.commands;

import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.cli.cluster.ClusterAccess;
import io.vdi.operator.cli.cluster.PortForward;
import io.vdi.operator.cli.cluster.RouteAccess;
import io.vdi.operator.cli.cluster.SessionSecret;
import io.vdi.operator.cli.output.Console;
import io.vdi.operator.cli.signin.UrlProbe;
import io.vdi.operator.common.diagnosis.ExpectedTimes;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.DesktopCredentials;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code kubectl vdi open}. */
@Command(
    name = "open",
    description =
        "Print URL, user name and password of a desktop; open it, if the portal signs users in.")
public final class OpenCommand extends SessionCommand {
  @Option(
      names = "--port-forward",
      description =
          "Forward a local port to the desktop through the API server until Ctrl-C; needs no route.")
  private boolean forward;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      defaultValue = "0",
      description = "Local port for --port-forward (default: any free port).")
  private int port;

  @Option(names = "--browser", description = "Also open the URL in the browser.")
  private boolean browser;

  @Mixin private WaitOptions wait;

  public OpenCommand(Console console) {
    super(console);
  }

  @Override
  int run(ClusterAccess cluster) {
    if (!wait.await(
        current -> current.filter(found -> found.status().is(Phase.RUNNING)).isPresent(),
        cluster,
        name(),
        console())) {
      return 1;
    }
    VdiSession session = cluster.session(name());
    Phase phase = session.status().currentPhase().orElse(Phase.PENDING);
    if (phase != Phase.RUNNING) {
      warn(
          "the session is "
              + phase.text()
              + (session.spec().suspended()
                  ? "; to start it: kubectl vdi resume " + name()
                  : "; use --wait, or kubectl vdi doctor " + name()));
    }
    session
        .status()
        .condition(Condition.READY)
        .filter(ready -> ready.reason().equals(Condition.CREDENTIALS_CHANGED))
        .ifPresent(ready -> warn(ready.message()));
    String url = session.status().url();
    if (!forward && !url.isEmpty() && usesGate(cluster, session)) {
      print("URL:       " + url);
      if (browser || console().width() > 0) {
        DesktopBrowser.open(url, console());
      }
      return 0;
    }
    Optional<VdiTemplate> template = template(cluster, session);
    DesktopCredentials credentials = credentials(cluster, session, template);
    if (!forward) {
      if (url.isEmpty()) {
        throw new CliException.Failed("the session has no URL; use --port-forward");
      }
      printLogin(url, credentials);
      return 0;
    }
    VdiTemplate.Spec spec = template.map(VdiTemplate::spec).orElse(VdiTemplate.Spec.EMPTY);
    try (PortForward forwarded =
        PortForward.start(cluster, session.namespace(), name(), spec.port(), port)) {
      printLogin(
          spec.server().scheme().text() + "://127.0.0.1:" + forwarded.localPort() + "/",
          credentials);
      console().err().println("Press Ctrl-C to stop the port forwarding.");
      new CountDownLatch(1).await();
      return 0;
    } catch (InterruptedException e) {
      throw CliException.Interrupted.restoringFlag();
    }
  }

  /** A desktop can run before its user may read its Secret; see {@link ExpectedTimes#ACCESS}. */
  private DesktopCredentials credentials(
      ClusterAccess cluster, VdiSession observed, Optional<VdiTemplate> template) {
    VdiSession session = observed;
    while (true) {
      try {
        return SessionSecret.credentials(cluster, session, template);
      } catch (CliException.ApiRejected e) {
        if (!e.isForbidden() || !expectsAccess(cluster, session)) {
          throw e;
        }
      }
      SessionWait.pause(SessionWait.INTERVAL);
      session = cluster.session(name());
    }
  }

  private static boolean expectsAccess(ClusterAccess cluster, VdiSession session) {
    return session.status().condition(Condition.ACCESS_READY).isEmpty()
        && session
            .status()
            .startedAt()
            .filter(start -> cluster.serverTime().isBefore(start.plus(ExpectedTimes.ACCESS)))
            .isPresent();
  }

  /** A user without permission to read routes and settings learns it from the desktop's address. */
  private static boolean usesGate(ClusterAccess cluster, VdiSession session) {
    return RouteAccess.usesGate(cluster, session.namespace(), session.name())
        .orElseGet(() -> UrlProbe.of(session.status().url()).equals(UrlProbe.Protection.GATE));
  }

  /** Templates have no namespace, and a user of one namespace may not be allowed to read them. */
  private Optional<VdiTemplate> template(ClusterAccess cluster, VdiSession session) {
    try {
      return cluster.template(session.spec().template());
    } catch (CliException.ApiRejected e) {
      if (!e.isForbidden()) {
        throw e;
      }
      warn(
          "you may not read template %s: if it sets a flavor, %s or a port, use those instead of the defaults"
              .formatted(
                  session.spec().template(),
                  VdiTemplate.Spec.EMPTY.server().userVariable().orElseThrow()));
      return Optional.empty();
    }
  }

  private void printLogin(String url, DesktopCredentials credentials) {
    print("URL:       " + url);
    print("User:      " + credentials.user());
    print("Password:  " + credentials.password());
    if (browser) {
      DesktopBrowser.open(url, console());
    }
  }

  private void warn(String message) {
    console().err().println("warning: " + message);
  }
}
