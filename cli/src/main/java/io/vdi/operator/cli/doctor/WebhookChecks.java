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

/** Whether the API server calls the admission webhook. */
final class WebhookChecks {
  private static final Layer LAYER = Layer.CONTROL_PLANE;

  private WebhookChecks() {}

  /** Part of the warning of the webhook. */
  private static final String MISSING_TEMPLATE = "there is no such VDITemplate";

  static List<Check<DoctorContext>> checks() {
    return List.of(
        new Check<>(
            "webhook-service",
            LAYER,
            "Webhook Service",
            Set.of("services"),
            WebhookChecks::service),
        new Check<>(
            "webhook",
            LAYER,
            "Admission webhook",
            Set.of("services", "webhook-service"),
            WebhookChecks::answer));
  }

  /** The dry run alone does not show this: the API server keeps using open connections. */
  private static CheckResult service(DoctorContext context) {
    String namespace = context.cluster().operatorNamespace();
    long ready = Endpoints.ready(context.cluster(), namespace, name(context));
    return ready > 0
        ? new CheckResult.Passed(Endpoints.describe(ready))
        : context.failed(
            KnownCause.WEBHOOK_UNREACHABLE, object(context), "it has no ready endpoint", "");
  }

  private static String name(DoctorContext context) {
    return context.cluster().chartName("admission-webhook");
  }

  private static String object(DoctorContext context) {
    return "service " + name(context) + " in " + context.cluster().operatorNamespace();
  }

  /** Creates, as a dry run, a session of which the webhook must warn or which it must deny. */
  private static CheckResult answer(DoctorContext context) {
    ApiResult<List<String>> answer =
        context
            .cluster()
            .api()
            .dryRunCreate(
                ResourceType.SESSION, context.cluster().namespace(), sessionWithoutTemplate());
    return switch (answer) {
      case ApiResult.Ok<List<String>>(List<String> warnings) ->
          warnings.stream().anyMatch(warning -> warning.contains(MISSING_TEMPLATE))
              ? new CheckResult.Passed("warns of an incomplete session")
              : context.failed(
                  KnownCause.WEBHOOK_NOT_REGISTERED,
                  "validatingwebhookconfiguration vdi-operator",
                  "a session whose template does not exist is accepted without a warning",
                  "");
      case ApiResult.Unreachable<List<String>>(String message) ->
          throw new CliException.Failed(message);
      case ApiResult.Rejected<List<String>>(int status, _, String message) -> {
        if (message.contains("failed calling webhook") && message.contains("vdi.kasm.io")) {
          yield context.failed(
              cause(message),
              object(context),
              // The reason follows the quoted URL of the call.
              message.replaceFirst("(?s).*\": ", ""),
              "");
        }
        if (message.contains("denied the request")) {
          yield new CheckResult.Passed("denies an invalid session");
        }
        throw new CliException.ApiRejected(status, message);
      }
    };
  }

  /** Why a call has failed, from the words of the API server's TLS library. */
  private static KnownCause cause(String message) {
    if (message.contains("remote error: tls")) {
      return KnownCause.WEBHOOK_REFUSES_CALLER;
    }
    return message.contains("x509") || message.contains("certificate")
        ? KnownCause.WEBHOOK_CERTIFICATE
        : KnownCause.WEBHOOK_UNREACHABLE;
  }

  private static JsonObject sessionWithoutTemplate() {
    String name = "vdi-doctor-" + UUID.randomUUID();
    JsonObject metadata = new JsonObject();
    metadata.addProperty("name", name);
    JsonObject spec = new JsonObject();
    spec.addProperty("user", "doctor@vdi.invalid");
    spec.addProperty("template", name);
    JsonObject session = new JsonObject();
    session.addProperty("apiVersion", ResourceType.SESSION.apiVersion());
    session.addProperty("kind", ResourceType.SESSION.kind());
    session.add("metadata", metadata);
    session.add("spec", spec);
    return session;
  }
}
