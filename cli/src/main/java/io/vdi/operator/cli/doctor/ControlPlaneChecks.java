package io.vdi.operator.cli.doctor;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.cli.cluster.Json;
import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.diagnosis.Layer;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.model.ResourceType;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The API server, its clock and the CRDs. */
final class ControlPlaneChecks {
  private static final Layer LAYER = Layer.CONTROL_PLANE;
  private static final List<ResourceType<?>> KINDS =
      List.of(ResourceType.SESSION, ResourceType.TEMPLATE, ResourceType.USAGE);
  private static final Duration MAX_CLOCK_DIFFERENCE = Duration.ofSeconds(30);

  private ControlPlaneChecks() {}

  static List<Check<DoctorContext>> checks() {
    return List.of(
        new Check<>("api", LAYER, "API server", Set.of(), ControlPlaneChecks::api),
        new Check<>("clocks", LAYER, "Clocks", Set.of("api"), ControlPlaneChecks::clocks),
        new Check<>("definitions", LAYER, "CRDs", Set.of("api"), ControlPlaneChecks::definitions));
  }

  private static CheckResult api(DoctorContext context) {
    ApiResult<JsonObject> answer = context.cluster().api().request("GET", "/version", null);
    return switch (answer) {
      case ApiResult.Ok<JsonObject>(JsonObject version) ->
          new CheckResult.Passed("Kubernetes " + Json.text(version, "gitVersion"));
      // Every authenticated user may read the version.
      case ApiResult.Rejected<JsonObject>(int status, _, String message) ->
          unreachable(context, status + " " + message);
      case ApiResult.Unreachable<JsonObject>(String message) -> unreachable(context, message);
    };
  }

  private static CheckResult unreachable(DoctorContext context, String message) {
    return context.failed(KnownCause.API_UNREACHABLE, "the API server", message, "");
  }

  private static CheckResult clocks(DoctorContext context) {
    Instant server = context.cluster().serverTime();
    Duration ahead = Duration.between(server, context.clock().instant());
    return ahead.abs().compareTo(MAX_CLOCK_DIFFERENCE) > 0
        ? context.failed(
            KnownCause.CLOCKS_APART,
            "this machine",
            "its clock is "
                + ahead.abs().toSeconds()
                + " s "
                + (ahead.isNegative() ? "behind" : "ahead of")
                + " the API server",
            "")
        : new CheckResult.Passed("at most " + (ahead.abs().toSeconds() + 1) + " s apart");
  }

  /** The API server must have every field of the chart's CRDs: it drops fields it does not know. */
  private static CheckResult definitions(DoctorContext context) {
    String group = "/apis/" + ResourceType.SESSION.apiVersion();
    if (context.cluster().get(group).isEmpty()) {
      return context.failed(
          KnownCause.NOT_INSTALLED,
          "CRDs",
          ResourceType.SESSION.apiVersion() + " is not served",
          "");
    }
    JsonObject served =
        context
            .cluster()
            .get("/openapi/v3" + group)
            .orElseThrow(() -> new CliException.Failed("the API server serves no OpenAPI v3"));
    List<String> missing = new ArrayList<>();
    int fields = 0;
    for (ResourceType<?> kind : KINDS) {
      JsonElement crd = BundledChart.yaml("templates/crds/" + kind.plural() + ".yaml");
      JsonObject required = Json.objects(crd, "spec", "versions").getFirst();
      String name = "io.kasm.vdi." + kind.version() + "." + kind.kind();
      Optional<JsonElement> schema = Json.at(served, "components", "schemas", name);
      if (schema.isEmpty()) {
        missing.add(kind.qualifiedName());
        continue;
      }
      for (String part : List.of("spec", "status")) {
        fields +=
            compare(
                kind.plural() + ": " + part,
                Json.at(required, "schema", "openAPIV3Schema", "properties", part)
                    .orElse(new JsonObject()),
                Json.at(schema.get(), "properties", part).orElse(new JsonObject()),
                missing);
      }
    }
    return missing.isEmpty()
        ? new CheckResult.Passed(ResourceType.SESSION.apiVersion() + ", " + fields + " fields")
        : context.failed(
            KnownCause.CRDS_OUTDATED, "CRDs", "missing: " + String.join(", ", missing), "");
  }

  /** Adds the paths of missing fields, and returns the number of required fields. */
  private static int compare(
      String path, JsonElement required, JsonElement served, List<String> missing) {
    int fields = 0;
    if (Json.at(required, "properties").orElse(null) instanceof JsonObject properties) {
      for (String name : properties.keySet()) {
        fields++;
        var field = Json.at(served, "properties", name);
        if (field.isEmpty()) {
          missing.add(path + "." + name);
        } else {
          fields += compare(path + "." + name, properties.get(name), field.get(), missing);
        }
      }
    }
    return fields;
  }
}
