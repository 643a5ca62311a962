package io.vdi.operator.cli.doctor;

import com.google.gson.JsonObject;
import io.vdi.operator.cli.cluster.Json;
import io.vdi.operator.cli.cluster.Login;
import io.vdi.operator.cli.cluster.NotSeen;
import io.vdi.operator.common.causes.Cause;
import io.vdi.operator.common.causes.Layer;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** The TURN relay of a desktop with WebRTC. */
final class Relay {
  private Relay() {}

  static List<Check<Patient>> checks() {
    return List.of(
        new Check<>("turn", Layer.DATA_PLANE, "TURN relay", Set.of("container"), Relay::turn));
  }

  private static Answer turn(Patient patient) {
    Optional<JsonObject> pod = patient.pod();
    if (pod.isEmpty()) {
      return Patient.NO_POD;
    }
    var variables =
        Json.objects(pod.get(), "spec", "containers").stream()
            .flatMap(container -> Json.objects(container, "env").stream())
            .collect(
                Collectors.toMap(
                    variable -> Json.text(variable, "name"),
                    variable -> variable,
                    (first, second) -> second));
    if (!variables.containsKey("SELKIES_TURN_USERNAME")) {
      return new Answer.Skipped("the desktop uses none");
    }
    String host = Json.text(variables.get("SELKIES_TURN_HOST"), "value");
    int port = (int) Json.number(variables.get("SELKIES_TURN_PORT"), "value");
    String relay = host + ":" + port;
    if (!Json.text(variables.get("SELKIES_TURN_PROTOCOL"), "value").equals("udp")) {
      return new Answer.Skipped("only UDP is tried");
    }
    String username = required(patient, variables.get("SELKIES_TURN_USERNAME"));
    String password = required(patient, variables.get("SELKIES_TURN_PASSWORD"));
    try {
      Turn.Outcome outcome = Turn.allocate(host, port, username, password);
      return outcome.code() == 0
          ? new Answer.Fine(relay + " relays")
          : patient.found(
              Cause.TURN_REFUSED,
              "TURN relay " + relay,
              "it answers " + (outcome.code() + " " + outcome.reason()).strip());
    } catch (IOException e) {
      return patient.found(
          Cause.TURN_UNREACHABLE, "TURN relay " + relay, String.valueOf(e.getMessage()));
    }
  }

  /** The value behind a variable of the pod that reads it from a Secret. */
  private static String required(Patient patient, JsonObject variable) {
    return Login.secret(
            patient.cluster(),
            patient.session(),
            Json.text(variable, "valueFrom", "secretKeyRef", "key"))
        .orElseThrow(() -> new NotSeen(404, "the session has no TURN credentials"));
  }
}
