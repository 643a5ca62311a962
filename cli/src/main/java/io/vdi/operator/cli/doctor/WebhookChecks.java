package io.vdi.operator.cli.doctor;

import com.google.gson.JsonObject;
import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.diagnosis.Layer;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.model.ResourceType;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/** Whether the API server asks the admission webhook. */
final class WebhookChecks {
  private static final Layer LAYER = Layer.CONTROL_PLANE;

  private WebhookChecks() {}

  static List<Check<DoctorContext>> checks() {
    return List.of(
        new Check<>(
            "webhook-service",
            LAYER,
            "Webhook's Service",
            Set.of("services"),
            WebhookChecks::service),
        new Check<>(
            "webhook",
            LAYER,
            "Admission webhook",
            Set.of("services", "webhook-service"),
            WebhookChecks::refusal));
  }

  /** Connections that are open already hide for a while that it leads nowhere. */
  private static CheckResult service(DoctorContext context) {
    long ready =
        Endpoints.ready(
            context.cluster(), context.cluster().operatorNamespace(), "vdi-admission-webhook");
    return ready > 0
        ? new CheckResult.Passed(Endpoints.describe(ready))
        : context.failed(
            KnownCause.WEBHOOK_UNREACHABLE,
            "service vdi-admission-webhook in " + context.cluster().operatorNamespace(),
            "it has no ready endpoint",
            "");
  }

  /** A session that the webhook has to refuse, and that is not made if it does not. */
  private static CheckResult refusal(DoctorContext context) {
    JsonObject session = new JsonObject();
    session.addProperty("apiVersion", ResourceType.SESSION.apiVersion());
    session.addProperty("kind", ResourceType.SESSION.kind());
    String name = "vdi-doctor-" + UUID.randomUUID();
    session.add("metadata", object("name", name));
    JsonObject spec = object("user", "doctor@vdi.invalid");
    spec.addProperty("template", name);
    session.add("spec", spec);
    String path = ResourceType.SESSION.path(context.cluster().namespace()) + "?dryRun=All";
    ApiResult<JsonObject> answer = context.cluster().api().request("POST", path, session);
    return switch (answer) {
      case ApiResult.Ok<JsonObject> accepted ->
          context.failed(
              KnownCause.WEBHOOK_NOT_REGISTERED,
              "validatingwebhookconfiguration vdi-operator",
              "a session with a template that does not exist would be let in",
              "");
      case ApiResult.Unreachable<JsonObject>(String message) -> throw new CliException(0, message);
      case ApiResult.Rejected<JsonObject>(int code, String reason, String message) -> {
        if (message.contains("failed calling webhook") && message.contains("vdi.kasm.io")) {
          boolean certificate = message.contains("x509") || message.contains("certificate");
          yield context.failed(
              certificate ? KnownCause.WEBHOOK_CERTIFICATE : KnownCause.WEBHOOK_UNREACHABLE,
              "service vdi-admission-webhook in " + context.cluster().operatorNamespace(),
              // What stands behind the address that was called.
              message.replaceFirst("(?s).*\": ", ""),
              "");
        }
        if (message.contains("denied the request")) {
          yield new CheckResult.Passed("it refuses what it should");
        }
        throw new CliException(code, message);
      }
    };
  }

  private static JsonObject object(String key, String value) {
    JsonObject object = new JsonObject();
    object.addProperty(key, value);
    return object;
  }
}
