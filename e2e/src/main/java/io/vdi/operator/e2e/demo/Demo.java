package io.vdi.operator.e2e.demo;

import io.vdi.operator.cli.output.Console;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.DesktopCredentials;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.operator.DevEnvironment;
import io.vdi.operator.devcluster.operator.SingleSignOn;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.Command;
import io.vdi.operator.devcluster.process.Progress;
import io.vdi.operator.e2e.browser.Browser;
import io.vdi.operator.e2e.browser.PageClient;
import io.vdi.operator.e2e.node.SessionCredentials;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/**
 * Shows the main features with kubectl, as a user would use them, and checks each of them. Two
 * environment variables change it: {@code DEMO_ONCE=1} exits after the checks, {@code DEMO_PICTURE}
 * is the file for the screenshot of the desktop.
 */
final class Demo {
  private static final String URL = "https://alice.vdi.example.com";

  private static final String ALICE = "app.kubernetes.io/instance=alice-desktop";
  private static final String CHILDREN =
      "pod,service,secret,persistentvolumeclaim,ingressroutes.traefik.io";
  private static final String BRIEF = "involvedObject.name=brief-desktop";
  private static final String REASONS = "jsonpath={.items[*].reason}";

  private static final Duration PATIENCE = Duration.ofSeconds(90);

  private final DevEnvironment environment;

  Demo(DevEnvironment environment) {
    this.environment = environment;
  }

  /** Returns whether all checks passed. */
  boolean run() {
    boolean startedHere = !environment.isUp();
    if (startedHere) {
      start();
    }
    showSessions();
    // All of them run and print their output, even if one fails.
    List<Boolean> checks =
        List.of(
            isRejected("no-mail.yaml", "spec.user"),
            isRejected("greedy-desktop.yaml", "gpu 3: is more than template ubuntu-desktop"),
            isRejected(
                "second-desktop.yaml",
                "GPU quota exceeded for user alice@example.com: used 1, requested 2, limit 2"),
            expires(),
            field("{.status.url}").equals(URL),
            kubectl("get", CHILDREN, "-l", ALICE, "-o", "name").lines().count() == 5);
    boolean good = !checks.contains(false) && (!environment.hasContainerNode() || desktopWorks());
    System.out.println(
        good
            ? "\n✓ alice-desktop is Running at "
                + URL
                + (environment.hasContainerNode() ? "" : " on a simulated node")
            : "\n✗ a check failed; the status of alice-desktop is " + field("{.status}"));
    if (!"1".equals(System.getenv("DEMO_ONCE"))) {
      System.out.println("  export KUBECONFIG=" + environment.kubeconfig());
      System.out.println(
          "  Press Ctrl-C to exit" + (startedHere ? " and to stop the cluster" : ""));
      try {
        Thread.currentThread().join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    return good;
  }

  /** Starts the cluster; it stops with this process. */
  private void start() {
    Process supervisor = environment.upWithParent();
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(() -> {
              // Process.destroy would also close its standard input, which kills it immediately.
              supervisor.toHandle().destroy();
              supervisor.onExit().join();
            }));
  }

  private void showSessions() {
    System.out.println(
        environment.hasContainerNode()
            ? "\nThe operator is installed by Helm on a node that runs containers:"
            : "\nNodes are simulated, because this machine cannot run containers: "
                + environment.noContainersReason());
    show("apply", "-f", "docs/examples/ubuntu-desktop.yaml");
    show("apply", "-f", "docs/examples/alice-desktop.yaml");
    show("apply", "-f", "docs/examples/brief-desktop.yaml");
    watchUntilRunning();
    show("get", "vdi", "-o", "wide");
    show("get", "vdit");
    show("get", CHILDREN, "-l", ALICE);
    show("get", "events", "--field-selector", "involvedObject.name=alice-desktop");
    System.out.println("\nFields that were not set have their defaults from the template:");
    show("get", "vdi", "alice-desktop", "-o", "jsonpath={.spec}{'\\n'}");
  }

  /** Checks the desktop itself: access, picture, a home that survives suspension, the doctor. */
  private boolean desktopWorks() {
    Path certificate = environment.routerCertificate();
    PageClient pages = new PageClient(environment.address(), certificate);
    URI page = URI.create(URL + "/");
    boolean shown = environment.password().isPresent() ? opensWithGate(page) : opens(pages, page);
    System.out.println("\nA file in the home, before and after suspending the desktop:");
    show("exec", "alice-desktop", "--", "sh", "-c", "echo kept > ~/note; cat ~/note");
    show("patch", "vdi", "alice-desktop", "--type=merge", "-p", "{\"spec\":{\"suspended\":true}}");
    awaitPhase("Suspended");
    shown = shown && (environment.password().isEmpty() || startsInPortal());
    show("patch", "vdi", "alice-desktop", "--type=merge", "-p", "{\"spec\":{\"suspended\":false}}");
    awaitPhase("Running");
    show("exec", "alice-desktop", "--", "cat", "note");
    boolean kept = kubectl("exec", "alice-desktop", "--", "cat", "note").strip().equals("kept");
    return shown && kept && isHealthy();
  }

  /** Without a gate: the desktop asks for its password. */
  private boolean opens(PageClient pages, URI page) {
    System.out.println("\nThe page without and with the generated password:");
    DesktopCredentials credentials = credentials();
    int withoutPassword = pages.status(page, Optional.empty());
    int withPassword = pages.status(page, Optional.of(credentials));
    System.out.println(
        "GET " + page + "  " + withoutPassword + "\nGET " + page + "  " + withPassword);
    return showsPicture(page, browser -> browser.open(page, credentials))
        && withoutPassword == 401
        && withPassword == 200;
  }

  /** With the gate: alice signs in at Keycloak. */
  private boolean opensWithGate(URI page) {
    System.out.println("\nalice opens " + page + " and signs in at Keycloak:");
    return showsPicture(
        page,
        browser -> {
          browser.open(page);
          browser.signIn("alice", environment.password().orElseThrow(), Duration.ofSeconds(60));
        });
  }

  /** While alice's desktop is suspended, bob starts one with his browser alone. */
  private boolean startsInPortal() {
    System.out.println("\nbob signs in at " + SingleSignOn.PORTAL + " and presses Start and Open:");
    boolean shown =
        showsPicture(
            SingleSignOn.PORTAL,
            browser -> {
              browser.open(SingleSignOn.PORTAL.resolve("/signin"));
              browser.signIn("bob", environment.password().orElseThrow(), PATIENCE);
              browser.startInPortal("ubuntu-desktop", PATIENCE);
              browser.openFromPortal();
            });
    show("get", "vdi", "--namespace=desktops");
    show("delete", "vdi", "--namespace=desktops", "--all");
    return shown;
  }

  /** Runs the doctor in this process; users run it from the plugin's archive. */
  private boolean isHealthy() {
    List<String> arguments =
        List.of(
            "doctor",
            "alice-desktop",
            "--router=" + environment.address(),
            "--certificate-authority=" + environment.routerCertificate());
    System.out.println("\n$ kubectl vdi " + String.join(" ", arguments));
    return io.vdi.operator.cli.Main.run(
            new Console(
                new PrintWriter(System.out, true),
                new PrintWriter(System.err, true),
                80,
                false,
                Map.of("KUBECONFIG", environment.kubeconfig().toString())),
            arguments.toArray(String[]::new))
        == 0;
  }

  private DesktopCredentials credentials() {
    KubeClient api = Cluster.connect(environment.kubeconfig());
    try {
      return SessionCredentials.read(api, "default", "alice-desktop");
    } finally {
      api.close();
    }
  }

  private boolean showsPicture(URI page, Consumer<Browser> open) {
    if (!Browser.provided()) {
      System.out.println("\nNo picture: this machine has no browser, see above.");
      return false;
    }
    try (Browser browser = Browser.start(environment.address(), environment.certificates())) {
      open.accept(browser);
      browser.awaitPicture(Duration.ofSeconds(60));
      System.out.println("\nA screenshot of " + page + " in Chromium: " + browser.save(picture()));
      return true;
    }
  }

  private Path picture() {
    return Optional.ofNullable(System.getenv("DEMO_PICTURE"))
        .map(Path::of)
        .orElse(environment.checkout().resolve(".devcluster/alice-desktop.png"));
  }

  private void awaitPhase(String phase) {
    Progress.await(
        () -> "alice-desktop to be " + phase + "; it is " + field("{.status.phase}"),
        Duration.ofSeconds(90),
        () -> field("{.status.phase}").equals(phase));
  }

  /** Applies an example that must be rejected; returns whether it was, with this message. */
  private boolean isRejected(String example, String message) {
    String file = "docs/examples/refused/" + example;
    System.out.println("\n$ kubectl apply -f " + file);
    try {
      System.out.print(kubectl("apply", "-f", file));
      return false;
    } catch (ClusterException e) {
      String answer = e.getMessage().split("\n", 2)[1];
      System.out.println(answer);
      return answer.contains(message);
    }
  }

  /** Returns whether the reaper first warned of the end of brief-desktop and then deleted it. */
  private boolean expires() {
    System.out.println("\nbrief-desktop has a timeout of 3 s; the reaper deletes it:");
    Progress.await(
        () -> "brief-desktop to be deleted",
        Duration.ofSeconds(60),
        () -> kubectl("get", "vdi", "--ignore-not-found", "brief-desktop").isEmpty());
    show("get", "events", "--field-selector", BRIEF);
    String reasons = kubectl("get", "events", "--field-selector", BRIEF, "-o", REASONS);
    return reasons.contains("SessionExpiring") && reasons.contains("SessionExpired");
  }

  /** Prints a line for each change of phase, like {@code kubectl get vdi --watch}. */
  private void watchUntilRunning() {
    System.out.println("\n$ kubectl get vdi --watch");
    System.out.println(
        "NAME            USER                PHASE     URL                             AGE");
    AtomicReference<String> shown = new AtomicReference<>("none yet");
    Progress.await(
        () -> "alice-desktop to be Running; it is " + field("{.status.phase} {.status.message}"),
        Duration.ofSeconds(90),
        () -> {
          String phase = field("{.status.phase}");
          if (!phase.equals(shown.getAndSet(phase))) {
            System.out.print(kubectl("get", "vdi", "alice-desktop", "--no-headers"));
          }
          return phase.equals("Running");
        });
  }

  private String field(String jsonPath) {
    return kubectl("get", "vdi", "alice-desktop", "-o", "jsonpath=" + jsonPath).strip();
  }

  private void show(String... arguments) {
    System.out.println("\n$ kubectl " + String.join(" ", arguments));
    System.out.print(kubectl(arguments));
  }

  private String kubectl(String... arguments) {
    List<String> command = new ArrayList<>(List.of("env", "-C", environment.checkout().toString()));
    command.add(environment.kubectl().toString());
    command.addAll(List.of(arguments));
    return Command.run(command, Map.of("KUBECONFIG", environment.kubeconfig().toString()));
  }
}
