package io.vdi.operator.cli.doctor;

import com.google.gson.JsonObject;
import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.cli.cluster.Json;
import io.vdi.operator.cli.cluster.SessionLogin;
import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.diagnosis.Layer;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** The TURN relay of a desktop with WebRTC. */
final class RelayChecks {
  private RelayChecks() {}

  static List<Check<SessionContext>> checks() {
    return List.of(
        new Check<>(
            "turn", Layer.DATA_PLANE, "TURN relay", Set.of("container"), RelayChecks::turn));
  }

  private static CheckResult turn(SessionContext context) {
    Optional<JsonObject> pod = context.pod();
    if (pod.isEmpty()) {
      return SessionContext.NO_POD;
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
      return new CheckResult.Skipped("the desktop uses none");
    }
    String host = Json.text(variables.get("SELKIES_TURN_HOST"), "value");
    int port = (int) Json.number(variables.get("SELKIES_TURN_PORT"), "value");
    String relay = host + ":" + port;
    if (!Json.text(variables.get("SELKIES_TURN_PROTOCOL"), "value").equals("udp")) {
      return new CheckResult.Skipped("only UDP is tried");
    }
    String username = required(context, variables.get("SELKIES_TURN_USERNAME"));
    String password = required(context, variables.get("SELKIES_TURN_PASSWORD"));
    try {
      TurnClient.Outcome outcome = TurnClient.allocate(host, port, username, password);
      return outcome.code() == 0
          ? new CheckResult.Passed(relay + " relays")
          : context.failed(
              KnownCause.TURN_REFUSED,
              "TURN relay " + relay,
              "it answers " + (outcome.code() + " " + outcome.reason()).strip());
    } catch (IOException e) {
      return context.failed(
          KnownCause.TURN_UNREACHABLE, "TURN relay " + relay, String.valueOf(e.getMessage()));
    }
  }

  /** The value behind a variable of the pod that reads it from a Secret. */
  private static String required(SessionContext context, JsonObject variable) {
    return SessionLogin.secret(
            context.cluster(),
            context.session(),
            Json.text(variable, "valueFrom", "secretKeyRef", "key"))
        .orElseThrow(() -> new CliException(404, "the session has no TURN credentials"));
  }
}
