package io.vdi.operator.bench;

import io.vdi.operator.devcluster.operator.OperatorService;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The JVM flags of the measured services: those of their images, or those of BENCH_JVM. */
final class JvmFlags {
  private JvmFlags() {}

  static List<String> of(OperatorService service) {
    String other = System.getenv().getOrDefault("BENCH_JVM", "").strip();
    return other.isEmpty() ? service.jvmFlags() : List.of(other.split(" +"));
  }

  /** By the module of the service. */
  static Map<String, List<String>> all() {
    return Arrays.stream(OperatorService.values())
        .collect(Collectors.toMap(OperatorService::module, JvmFlags::of));
  }
}
