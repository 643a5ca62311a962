package io.vdi.operator.cli.doctor;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.vdi.operator.cli.cluster.Json;
import io.vdi.operator.cli.cluster.NotSeen;
import io.vdi.operator.common.causes.Cause;
import io.vdi.operator.common.causes.Layer;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.Kind;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The API server, and what it knows of sessions. */
final class ControlPlane {
  private static final Layer LAYER = Layer.CONTROL_PLANE;
  private static final Duration CLOCKS_APART = Duration.ofSeconds(30);

  private ControlPlane() {}

  static List<Check<Examination>> checks() {
    return List.of(
        new Check<>("api", LAYER, "API server", Set.of(), ControlPlane::api),
        new Check<>("clocks", LAYER, "Clocks", Set.of("api"), ControlPlane::clocks),
        new Check<>("definitions", LAYER, "CRDs", Set.of("api"), ControlPlane::definitions));
  }

  private static Answer api(Examination x) {
    ApiResult<JsonObject> answer = x.cluster().api().raw("GET", "/version", null);
    return switch (answer) {
      case ApiResult.Ok<JsonObject>(JsonObject version) ->
          new Answer.Fine("Kubernetes " + Json.text(version, "gitVersion"));
      // Whoever is known may ask for the version.
      case ApiResult.Rejected<JsonObject>(int code, String reason, String message) ->
          x.found(Cause.API_UNREACHABLE, "the API server", code + " " + message, "");
      case ApiResult.Unreachable<JsonObject>(String message) ->
          x.found(Cause.API_UNREACHABLE, "the API server", message, "");
    };
  }

  private static Answer clocks(Examination x) {
    Instant theirs = x.cluster().time();
    Duration apart = Duration.between(theirs, x.clock().instant());
    return apart.abs().compareTo(CLOCKS_APART) > 0
        ? x.found(
            Cause.CLOCKS_APART,
            "this machine",
            "it is "
                + apart.abs().toSeconds()
                + " s "
                + (apart.isNegative() ? "behind" : "ahead of")
                + " the API server",
            "")
        : new Answer.Fine("no more than " + (apart.abs().toSeconds() + 1) + " s apart");
  }

  /** Every field of the chart's CRDs has to be in what the API server has. */
  private static Answer definitions(Examination x) {
    String group = "/apis/" + Kind.SESSION.apiVersion();
    if (x.cluster().get(group).isEmpty()) {
      return x.found(Cause.NOT_INSTALLED, "CRDs", Kind.SESSION.apiVersion() + " is not served", "");
    }
    JsonObject served =
        x.cluster().get("/openapi/v3" + group).orElseThrow(() -> new NotSeen(404, "no OpenAPI"));
    List<String> missing = new ArrayList<>();
    int fields = 0;
    for (Kind<?> kind : List.of(Kind.SESSION, Kind.TEMPLATE)) {
      JsonElement wanted =
          Json.at(Chart.yaml("crds/" + kind.plural() + ".yaml"), "spec", "versions")
              .map(versions -> versions.getAsJsonArray().get(0))
              .orElseThrow();
      String schema = "io.kasm.vdi." + kind.version() + "." + kind.name();
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
        ? new Answer.Fine(Kind.SESSION.apiVersion() + ", " + fields + " fields")
        : x.found(Cause.CRDS_OUTDATED, "CRDs", "not known: " + String.join(", ", missing), "");
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
