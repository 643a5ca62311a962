package io.vdi.operator.cli.doctor;

import com.google.gson.JsonObject;
import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.cli.cluster.Json;
import io.vdi.operator.cli.cluster.SessionSecret;
import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.diagnosis.Layer;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** The TURN server of a desktop with transport webrtc. */
final class RelayChecks {
  private RelayChecks() {}

  static List<Check<SessionContext>> checks() {
    return List.of(
        new Check<>(
            "turn", Layer.DATA_PLANE, "TURN server", Set.of("container"), RelayChecks::turn));
  }

  private static CheckResult turn(SessionContext context) {
    return context.podObject().map(pod -> turn(context, pod)).orElse(SessionContext.NO_POD);
  }

  private static CheckResult turn(SessionContext context, JsonObject pod) {
    Map<String, JsonObject> variables =
        Json.objects(pod, "spec", "containers").stream()
            .flatMap(container -> Json.objects(container, "env").stream())
            .collect(
                Collectors.toMap(
                    variable -> Json.text(variable, "name"),
                    variable -> variable,
                    (first, second) -> second));
    if (!variables.containsKey("SELKIES_TURN_USERNAME")) {
      return new CheckResult.Skipped("the desktop uses none");
    }
    if (!Json.text(variables.get("SELKIES_TURN_PROTOCOL"), "value").equals("udp")) {
      return new CheckResult.Skipped("only UDP is checked");
    }
    String host = Json.text(variables.get("SELKIES_TURN_HOST"), "value");
    int port = (int) Json.number(variables.get("SELKIES_TURN_PORT"), "value");
    String object = "TURN server " + host + ":" + port;
    String username = secretValue(context, variables.get("SELKIES_TURN_USERNAME"));
    String password = secretValue(context, variables.get("SELKIES_TURN_PASSWORD"));
    try {
      return switch (TurnClient.allocate(host, port, username, password)) {
        case TurnClient.Result.Allocated() ->
            new CheckResult.Passed(host + ":" + port + " allocates");
        case TurnClient.Result.Refused(int code, String reason) ->
            context.failed(
                KnownCause.TURN_REFUSED, object, ("it answers " + code + " " + reason).strip());
      };
    } catch (IOException e) {
      return context.failed(KnownCause.TURN_UNREACHABLE, object, String.valueOf(e.getMessage()));
    }
  }

  /** The value of a variable that references a key of the session's Secret. */
  private static String secretValue(SessionContext context, JsonObject variable) {
    String key = Json.text(variable, "valueFrom", "secretKeyRef", "key");
    return SessionSecret.value(context.cluster(), context.session(), key)
        .orElseThrow(() -> new CliException.Failed("the session has no TURN credentials"));
  }
}
