package io.vdi.operator.e2e.demo;

import io.vdi.operator.cli.output.Console;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.operator.DevEnvironment;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.Command;
import io.vdi.operator.devcluster.process.Progress;
import io.vdi.operator.e2e.browser.Account;
import io.vdi.operator.e2e.browser.Browser;
import io.vdi.operator.e2e.browser.Visitor;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/** The main job, shown with kubectl as a user would do it. */
final class Demo {
  private static final String URL = "https://alice.vdi.example.com";

  private static final String BRIEF = "involvedObject.name=brief-desktop";
  private static final String REASONS = "jsonpath={.items[*].reason}";

  private final DevEnvironment workbench;

  Demo(DevEnvironment workbench) {
    this.workbench = workbench;
  }

  /** Returns whether everything came out as it should. */
  boolean run() {
    boolean ours = !workbench.isUp();
    if (ours) {
      Process supervisor = workbench.upWithParent();
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(() -> {
                // By the handle: Process.destroy would close its standard input too, which kills
                // it.
                supervisor.toHandle().destroy();
                supervisor.onExit().join();
              }));
    }
    System.out.println(
        workbench.hasContainerNode()
            ? "\nOn a node of our own that runs containers, with the chart installed by Helm:"
            : "\nOn simulated nodes, for containers cannot run here: "
                + workbench.noContainersReason());
    show("apply", "-f", "docs/examples/ubuntu-desktop.yaml");
    show("apply", "-f", "docs/examples/alice-desktop.yaml");
    show("apply", "-f", "docs/examples/brief-desktop.yaml");
    watchUntilRunning();
    show("get", "vdi", "-o", "wide");
    show("get", "vdit");
    show(
        "get",
        "pod,service,secret,persistentvolumeclaim,ingressroutes.traefik.io",
        "-l",
        "app.kubernetes.io/instance=alice-desktop");
    show("get", "events", "--field-selector", "involvedObject.name=alice-desktop");
    System.out.println("\nWhat was left open has been filled in from the template:");
    show("get", "vdi", "alice-desktop", "-o", "jsonpath={.spec}{'\\n'}");
    boolean noMail = refuses("no-mail.yaml", "spec.user");
    boolean greedy = refuses("greedy-desktop.yaml", "gpu 3: is more than template ubuntu-desktop");
    boolean second =
        refuses(
            "second-desktop.yaml",
            "GPU quota exceeded for user alice@example.com: used 1, requested 2, limit 2");
    boolean ended = endsByItself();
    boolean good =
        noMail
            && greedy
            && second
            && ended
            && field("{.status.url}").equals(URL)
            && kubectl(
                        "get",
                        "pod,service,secret,persistentvolumeclaim,ingressroutes.traefik.io",
                        "-l",
                        "app.kubernetes.io/instance=alice-desktop",
                        "-o",
                        "name")
                    .lines()
                    .count()
                == 5
            && (!workbench.hasContainerNode() || isSeen());
    System.out.println(
        good
            ? "\n✓ alice-desktop is Running at "
                + URL
                + (workbench.hasContainerNode() ? "" : " on a simulated node")
            : "\n✗ alice-desktop is not as it should be: " + field("{.status}"));
    if (!"1".equals(System.getenv("DEMO_ONCE"))) {
      System.out.println("  export KUBECONFIG=" + workbench.kubeconfig());
      System.out.println("  Ctrl-C ends it" + (ours ? " and takes everything down" : ""));
      try {
        Thread.currentThread().join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    return good;
  }

  /** The desktop itself: its password, its picture, and that its home outlives a suspension. */
  private boolean isSeen() {
    Path certificate = workbench.routerCertificate();
    Visitor visitor = new Visitor(workbench.address(), certificate);
    URI page = URI.create(URL + "/");
    System.out.println("\nThe page without, and with, the password that the operator made:");
    Account account = account();
    int stranger = visitor.status(page, Optional.empty());
    int owner = visitor.status(page, Optional.of(account));
    System.out.println("GET " + page + "  " + stranger + "\nGET " + page + "  " + owner);
    boolean pictured = isPictured(page, account);
    System.out.println("\nA file in the home, before and after the desktop was suspended:");
    show("exec", "alice-desktop", "--", "sh", "-c", "echo kept > ~/note; cat ~/note");
    show("patch", "vdi", "alice-desktop", "--type=merge", "-p", "{\"spec\":{\"suspended\":true}}");
    awaitPhase("Suspended");
    show("patch", "vdi", "alice-desktop", "--type=merge", "-p", "{\"spec\":{\"suspended\":false}}");
    awaitPhase("Running");
    show("exec", "alice-desktop", "--", "cat", "note");
    boolean kept = kubectl("exec", "alice-desktop", "--", "cat", "note").strip().equals("kept");
    return stranger == 401 && owner == 200 && pictured && kept && isWell();
  }

  /** What the doctor says of it. The plugin's own program, without its archive around it. */
  private boolean isWell() {
    List<String> arguments =
        List.of(
            "doctor",
            "alice-desktop",
            "--router=" + workbench.address(),
            "--certificate-authority=" + workbench.routerCertificate());
    System.out.println("\n$ kubectl vdi " + String.join(" ", arguments));
    return io.vdi.operator.cli.Main.run(
            new Console(
                new PrintWriter(System.out, true),
                new PrintWriter(System.err, true),
                80,
                false,
                Map.of("KUBECONFIG", workbench.kubeconfig().toString())),
            arguments.toArray(String[]::new))
        == 0;
  }

  private Account account() {
    KubeClient api = Cluster.connect(workbench.kubeconfig());
    Account account = Account.of(api, "default", "alice-desktop");
    api.close();
    return account;
  }

  private boolean isPictured(URI page, Account account) {
    if (!Browser.provided()) {
      System.out.println("\nNo picture: there is no browser here, see above.");
      return false;
    }
    try (Browser browser = Browser.start(workbench.address(), workbench.routerCertificate())) {
      browser.open(page, account);
      browser.awaitPicture(Duration.ofSeconds(60));
      Path picture = browser.save(workbench.checkout().resolve(".devcluster/alice-desktop.png"));
      System.out.println("\nWhat Chromium shows at " + page + ": " + picture);
      return true;
    }
  }

  private void awaitPhase(String phase) {
    Progress.await(
        () -> "alice-desktop to be " + phase + "; it is " + field("{.status.phase}"),
        Duration.ofSeconds(90),
        () -> field("{.status.phase}").equals(phase));
  }

  /** Shows that this is refused; returns whether it was, with these words. */
  private boolean refuses(String example, String words) {
    String file = "docs/examples/refused/" + example;
    System.out.println("\n$ kubectl apply -f " + file);
    try {
      System.out.print(kubectl("apply", "-f", file));
      return false;
    } catch (ClusterException e) {
      String answer = e.getMessage().split("\n", 2)[1];
      System.out.println(answer);
      return answer.contains(words);
    }
  }

  /** Shows that brief-desktop, with its timeout of seconds, was warned of its end and is gone. */
  private boolean endsByItself() {
    System.out.println("\nbrief-desktop had a timeout of 3 s; the reaper ends it:");
    Progress.await(
        () -> "brief-desktop to be gone",
        Duration.ofSeconds(60),
        () -> kubectl("get", "vdi", "--ignore-not-found", "brief-desktop").isEmpty());
    show("get", "events", "--field-selector", BRIEF);
    String reasons = kubectl("get", "events", "--field-selector", BRIEF, "-o", REASONS);
    return reasons.contains("SessionExpiring") && reasons.contains("SessionExpired");
  }

  /** As {@code kubectl get vdi --watch} shows it: a line for each change of phase. */
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
    List<String> command = new ArrayList<>(List.of("env", "-C", workbench.checkout().toString()));
    command.add(workbench.kubectl().toString());
    command.addAll(List.of(arguments));
    return Command.run(command, Map.of("KUBECONFIG", workbench.kubeconfig().toString()));
  }
}
