package io.vdi.operator.devcluster.operator;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The services of the operator, and how each runs as a process outside the cluster. */
public enum OperatorService {
  CONTROLLER("controller", "controller"),
  ADMISSION_WEBHOOK("admission-webhook", "admission"),
  REAPER("reaper", "reaper"),
  GATE("gate", "gate");

  /** The namespace in which the operator is installed by default. */
  public static final String NAMESPACE = "vdi-system";

  private static final List<String> JVM_FLAGS =
      List.of(
          "-XX:+UseCompactObjectHeaders",
          "-Xmx256m",
          "-XX:+ExitOnOutOfMemoryError",
          "-Xlog:aot*=off");

  private static final String SERIAL = "-XX:+UseSerialGC";

  /** Makes the heap shrink after a collection, and saves the memory of the C2 compiler. */
  private static final List<String> SMALL =
      List.of("-XX:MinHeapFreeRatio=10", "-XX:MaxHeapFreeRatio=20", "-XX:TieredStopAtLevel=1");

  private final String module;
  private final String mainClass;

  OperatorService(String module, String packageName) {
    this.module = module;
    this.mainClass = "io.vdi.operator." + packageName + ".Main";
  }

  /** Its Maven module, which is a directory of the checkout. */
  public String module() {
    return module;
  }

  /** The name of its main class. */
  public String mainClass() {
    return mainClass;
  }

  /** The JVM flags of its image. docs/decisions/jvm.md has the measurements behind them. */
  public List<String> jvmFlags() {
    return Stream.of(
            JVM_FLAGS,
            switch (this) {
              case CONTROLLER ->
                  List.of(
                      "-XX:+UseG1GC",
                      "-Xms16m",
                      "-XX:GCTimeRatio=9",
                      "-XX:InitiatingHeapOccupancyPercent=90",
                      "-XX:-G1UseAdaptiveIHOP",
                      "-XX:G1PeriodicGCInterval=10000",
                      "-XX:-G1PeriodicGCInvokesConcurrent",
                      "-XX:ParallelGCThreads=2",
                      "-XX:ConcGCThreads=1",
                      "-XX:TrimNativeHeapInterval=10000");
              case ADMISSION_WEBHOOK, REAPER -> List.of(SERIAL);
              case GATE -> List.of(SERIAL, "-Xms24m", "-Xmn12m");
            },
            switch (this) {
              case CONTROLLER, REAPER, GATE -> SMALL;
              case ADMISSION_WEBHOOK -> List.<String>of();
            })
        .flatMap(List::stream)
        .toList();
  }

  /** The name of its service account, its roles and its Lease. */
  public String account() {
    return "vdi-" + module;
  }

  /** Whether one replica works and the others wait; otherwise all replicas answer requests. */
  private boolean hasLeader() {
    return switch (this) {
      case CONTROLLER, REAPER -> true;
      case ADMISSION_WEBHOOK, GATE -> false;
    };
  }

  /**
   * How to start it outside the cluster.
   *
   * @param checkout directory in which it was built
   * @param namespace the operator's
   * @param kubeconfig of its service account
   * @param folder directory for its log
   * @param name of the process; different for each replica
   * @param settings additional settings, as variables {@code VDI_…}
   */
  public OperatorProcess.Launch launch(
      Path checkout,
      String namespace,
      Path kubeconfig,
      Path folder,
      String name,
      Map<String, String> settings) {
    Map<String, String> environment = new HashMap<>();
    environment.put("VDI_LOGGING_FORMAT", "json");
    environment.put(
        hasLeader() ? "vdiConfig_LEADER_ELECTION_NAMESPACE" : "vdiConfig_NAMESPACE", namespace);
    environment.putAll(settings);
    return OperatorProcess.Launch.of(
        checkout.resolve(module).resolve("target"),
        mainClass,
        kubeconfig,
        folder,
        name,
        environment,
        jvmFlags());
  }

  /** Settings of an admission webhook that the API server calls at this port of 127.0.0.1. */
  public static Map<String, String> webhookAt(int port) {
    return Map.of(
        "vdiConfig_ADMISSION_HOST", "127.0.0.1",
        "vdiConfig_ADMISSION_PORT", String.valueOf(port),
        "vdiConfig_CERTIFICATES_DNS_NAMES", "127.0.0.1",
        "vdiConfig_ADMISSION_DRAIN_PERIOD", "0",
        "vdiConfig_CERTIFICATES_INTERVAL", "1s");
  }

  /**
   * Settings of a gate on 127.0.0.1.
   *
   * @param port of the portal
   * @param forwardPort of forward-auth
   */
  public static Map<String, String> gateAt(int port, int forwardPort, String publicUrl) {
    return Map.of(
        "vdiConfig_GATE_HOST",
        "127.0.0.1",
        "vdiConfig_GATE_PORT",
        String.valueOf(port),
        "vdiConfig_GATE_FORWARD_PORT",
        String.valueOf(forwardPort),
        "vdiConfig_GATE_PUBLIC_URL",
        publicUrl,
        "vdiConfig_GATE_DRAIN_PERIOD",
        "0");
  }
}
