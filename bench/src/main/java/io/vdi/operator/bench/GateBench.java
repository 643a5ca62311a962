package io.vdi.operator.bench;

import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.operator.ChartInstaller;
import io.vdi.operator.devcluster.operator.OperatorProcess;
import io.vdi.operator.devcluster.operator.OperatorService;
import io.vdi.operator.devcluster.process.FileTree;
import io.vdi.operator.devcluster.process.LoopbackPorts;
import io.vdi.operator.devcluster.process.Progress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Measures the forward authentication of the gate with many sessions, and compares it with a
 * handler that allows everything. The requests have the cookie of a user who has signed in.
 */
final class GateBench {
  private static final String NAMESPACE = "vdi-system";
  private static final String DOMAIN = "vdi.example.com";

  /** The user that development mode signs in owns this session. */
  private static final String DESKTOP = "s-0";

  private static final int RATE = 200;
  private static final int SECONDS = 30;
  private static final int WARM_UP = 5000;

  private final List<Integer> ports = LoopbackPorts.free(3);
  private final URI portal = URI.create("http://localhost:" + ports.get(0));

  Result.GateFigures measure(int sessions) {
    Path folder = FileTree.temporary("vdi-bench-gate-");
    try (BenchCluster cluster = new BenchCluster(0)) {
      new ChartInstaller(cluster.embedded(), Path.of("charts/vdi-operator"), NAMESPACE)
          .installGate();
      Progress.say("creating " + sessions + " sessions with all their objects");
      try (BareClient client = new BareClient(cluster.admin(), cluster.operator())) {
        Instant begin = Instant.now();
        new RequestLoad.Clients(32)
            .run(
                sessions,
                i -> {
                  client.park("s-" + i, begin);
                  address(cluster, "s-" + i);
                });
      }
      try (OperatorProcess gate = gate(cluster, folder);
          OperatorProcess bare = bare(folder)) {
        gate.awaitReady();
        bare.awaitReady();
        ForwardAuthClient asked = client(ports.get(1));
        ForwardAuthClient allowing = client(ports.get(2));
        asked.signIn(portal);
        new RequestLoad.Clients(8).time(WARM_UP, i -> allowing.ask());
        new RequestLoad.Clients(8).time(WARM_UP, i -> asked.ask());
        Progress.say("measuring: forward authentication at " + RATE + "/s");
        RequestLoad load = new RequestLoad.PerSecond(RATE);
        Quantiles withoutChecks = load.time(RATE * SECONDS, i -> allowing.ask());
        Quantiles checked = load.time(RATE * SECONDS, i -> asked.ask());
        return new Result.GateFigures(
            sessions,
            new Result.Latency(RATE, withoutChecks),
            new Result.Latency(RATE, checked),
            ProcessFigures.of(gate.process().pid()));
      }
    } finally {
      FileTree.delete(folder);
    }
  }

  private static ForwardAuthClient client(int port) {
    return new ForwardAuthClient(
        URI.create("http://127.0.0.1:" + port + "/forward-auth"), DESKTOP + "." + DOMAIN);
  }

  /** Writes the address that the controller would write. */
  private static void address(BenchCluster cluster, String session) {
    cluster
        .operator()
        .mergePatchStatus(
            ResourceType.SESSION,
            BenchCluster.NAMESPACE,
            session,
            Manifests.parse("{status: {url: 'https://%s.%s'}}".formatted(session, DOMAIN))
                .getFirst())
        .orElseThrow();
  }

  private OperatorProcess gate(BenchCluster cluster, Path folder) {
    OperatorService gate = OperatorService.GATE;
    Path kubeconfig =
        cluster
            .embedded()
            .serviceAccountKubeconfig(NAMESPACE, gate.account(), folder.resolve("kubeconfig"));
    Map<String, String> settings =
        new HashMap<>(OperatorService.gateAt(ports.get(0), ports.get(1), portal.toString()));
    settings.put("vdiConfig_GATE_DEVELOPMENT_USER", DESKTOP + "@example.com");
    return OperatorProcess.start(
        gate.launch(Path.of(""), NAMESPACE, kubeconfig, folder, "gate", settings)
            .withJvm(JvmFlags.of(gate)));
  }

  private OperatorProcess bare(Path folder) {
    return OperatorProcess.start(
        OperatorProcess.Launch.of(
            Path.of("bench", "target"),
            BareForwardAuth.class.getName(),
            folder,
            folder,
            "bare",
            Map.of(BareForwardAuth.PORT, String.valueOf(ports.get(2))),
            JvmFlags.of(OperatorService.GATE)));
  }
}
