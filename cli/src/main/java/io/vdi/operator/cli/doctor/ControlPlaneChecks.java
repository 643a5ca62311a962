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
import java.util.Set;

/** The API server, and what it knows of sessions. */
final class ControlPlaneChecks {
  private static final Layer LAYER = Layer.CONTROL_PLANE;
  private static final Duration CLOCKS_APART = Duration.ofSeconds(30);

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
      // Whoever is known may ask for the version.
      case ApiResult.Rejected<JsonObject>(int code, String reason, String message) ->
          context.failed(KnownCause.API_UNREACHABLE, "the API server", code + " " + message, "");
      case ApiResult.Unreachable<JsonObject>(String message) ->
          context.failed(KnownCause.API_UNREACHABLE, "the API server", message, "");
    };
  }

  private static CheckResult clocks(DoctorContext context) {
    Instant theirs = context.cluster().serverTime();
    Duration apart = Duration.between(theirs, context.clock().instant());
    return apart.abs().compareTo(CLOCKS_APART) > 0
        ? context.failed(
            KnownCause.CLOCKS_APART,
            "this machine",
            "it is "
                + apart.abs().toSeconds()
                + " s "
                + (apart.isNegative() ? "behind" : "ahead of")
                + " the API server",
            "")
        : new CheckResult.Passed("no more than " + (apart.abs().toSeconds() + 1) + " s apart");
  }

  /** Every field of the chart's CRDs has to be in what the API server has. */
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
            .orElseThrow(() -> new CliException(404, "no OpenAPI"));
    List<String> missing = new ArrayList<>();
    int fields = 0;
    for (ResourceType<?> kind : List.of(ResourceType.SESSION, ResourceType.TEMPLATE)) {
      JsonElement wanted =
          Json.at(
                  BundledChart.yaml("templates/crds/" + kind.plural() + ".yaml"),
                  "spec",
                  "versions")
              .map(versions -> versions.getAsJsonArray().get(0))
              .orElseThrow();
      String schema = "io.kasm.vdi." + kind.version() + "." + kind.kind();
      JsonElement there = Json.at(served, "components", "schemas", schema).orElse(new JsonObject());
      for (String part : List.of("spec", "status")) {
        fields +=
            compare(
                kind.plural() + ": " + part,
                Json.at(wanted, "schema", "openAPIV3Schema", "properties", part).orElseThrow(),
                Json.at(there, "properties", part).orElse(new JsonObject()),
                missing);
      }
    }
    return missing.isEmpty()
        ? new CheckResult.Passed(ResourceType.SESSION.apiVersion() + ", " + fields + " fields")
        : context.failed(
            KnownCause.CRDS_OUTDATED, "CRDs", "not known: " + String.join(", ", missing), "");
  }

  /** Adds the fields that are missing, and returns how many are wanted. */
  private static int compare(
      String path, JsonElement wanted, JsonElement there, List<String> missing) {
    int fields = 0;
    if (Json.at(wanted, "properties").orElse(null) instanceof JsonObject properties) {
      for (String name : properties.keySet()) {
        fields++;
        var field = Json.at(there, "properties", name);
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
