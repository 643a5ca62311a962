package io.vdi.operator.cli.doctor;

import static io.vdi.operator.cli.doctor.SessionContext.onPod;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonSyntaxException;
import io.vdi.operator.cli.cluster.Json;
import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.diagnosis.Layer;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.DesktopCredentials;
import io.vdi.operator.common.model.Flavor;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceNames;
import io.vdi.operator.common.model.VdiTemplate;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import okhttp3.Credentials;

/** The server in the pod, over a forwarded port, and the session's Service. */
final class DesktopChecks {
  private static final Layer LAYER = Layer.DATA_PLANE;

  /** A desktop that was ready before may be unready this long without a finding. */
  private static final Duration RECOVERY = Duration.ofSeconds(10);

  /** Selkies starts within seconds; on a busy node it takes longer. */
  private static final Duration START = Duration.ofMinutes(1);

  private static final CheckResult NOT_READY =
      new CheckResult.Skipped("the desktop is not ready yet");

  /** It may have a page for the password, or none for all of its pages. */
  private static final CheckResult CUSTOM =
      new CheckResult.Skipped("how an image of flavor custom asks for a password is not known");

  private DesktopChecks() {}

  static List<Check<SessionContext>> checks() {
    return List.of(
        new Check<>(
            "selkies", LAYER, "Selkies", Set.of("container"), onPod(DesktopChecks::selkies)),
        new Check<>(
            "password", LAYER, "Password", Set.of("selkies"), onPod(DesktopChecks::password)),
        new Check<>(
            "endpoints", LAYER, "Service", Set.of("selkies"), onPod(DesktopChecks::endpoints)));
  }

  private static CheckResult selkies(SessionContext context, Pod pod) {
    if (pod.status().podIp().isEmpty()) {
      return SessionContext.NO_POD;
    }
    VdiTemplate.Spec template = context.templateSpec();
    String path = template.healthPath().isEmpty() ? "/" : template.healthPath();
    Optional<ForwardedPort.Page> page = context.desktop().get(path, Optional.empty());
    String request = "GET :" + template.port() + path;
    if (page.isEmpty()) {
      return silent(context, request + " is not answered");
    }
    int status = page.get().status();
    if (status >= 500) {
      return silent(context, request + " answers " + status);
    }
    if (!template.healthPath().isEmpty() && status == 404) {
      return failed(context, request + " answers 404");
    }
    return mode(context)
        .map(mode ->
            mode.isEmpty()
                ? failed(context, "current_mode of /api/status is empty")
                : new CheckResult.Passed(mode))
        .orElse(new CheckResult.Passed("HTTP " + status));
  }

  private static CheckResult silent(SessionContext context, String observed) {
    Duration since = context.timeInPhase();
    return since.compareTo(startupTime(context)) < 0
        ? new CheckResult.Skipped("starting since " + since.toSeconds() + " s")
        : failed(context, observed);
  }

  private static CheckResult failed(SessionContext context, String observed) {
    return context.failed(KnownCause.SELKIES_SILENT, WorkloadChecks.podName(context), observed);
  }

  /** How long Selkies may not answer without a finding. */
  private static Duration startupTime(SessionContext context) {
    if (context.session().status().startedAt().isPresent()) {
      return RECOVERY;
    }
    Duration timeout =
        Defaults.effectiveSpec(context.session().spec(), context.templateSpec()).startupTimeout();
    return timeout.compareTo(START) < 0 ? timeout : START;
  }

  /** Selkies' streaming mode; empty if the image does not report it. */
  private static Optional<String> mode(SessionContext context) {
    return context
        .desktop()
        .get("/api/status", Optional.empty())
        .filter(page -> page.status() == 200)
        .flatMap(page -> mode(page.body()));
  }

  private static Optional<String> mode(String status) {
    try {
      JsonElement answer = JsonParser.parseString(status);
      return answer instanceof JsonObject object && object.has("current_mode")
          ? Optional.of(Json.text(object, "current_mode"))
          : Optional.empty();
    } catch (JsonSyntaxException e) {
      return Optional.empty();
    }
  }

  /** The value of the header Authorization with the session's user name and password. */
  static String authorization(SessionContext context) {
    DesktopCredentials credentials = context.credentials();
    return Credentials.basic(credentials.user(), credentials.password());
  }

  private static CheckResult password(SessionContext context, Pod pod) {
    if (context.templateSpec().flavor() == Flavor.CUSTOM) {
      return CUSTOM;
    }
    Optional<ForwardedPort.Page> anonymous = context.desktop().get("/", Optional.empty());
    if (anonymous.isPresent() && anonymous.get().status() == 200) {
      return context.failed(
          KnownCause.DESKTOP_UNPROTECTED,
          WorkloadChecks.podName(context),
          "GET / answers 200 without a password");
    }
    Optional<ForwardedPort.Page> page =
        context.desktop().get("/", Optional.of(authorization(context)));
    if (page.isEmpty()) {
      return new CheckResult.Skipped("no answer");
    }
    return page.get().status() == 401
        ? context.failed(
            KnownCause.PASSWORD_REFUSED,
            "secret " + ResourceNames.secret(context.name()),
            "GET / with its password answers 401")
        : new CheckResult.Passed("required, and accepted");
  }

  private static CheckResult endpoints(SessionContext context, Pod pod) {
    String name = context.name();
    long ready = Endpoints.ready(context.cluster(), context.namespace(), name);
    if (ready > 0) {
      return new CheckResult.Passed(Endpoints.describe(ready));
    }
    return context.isRunning()
        ? context.failed(KnownCause.NO_ENDPOINTS, "service " + name, "it has no ready endpoint")
        : NOT_READY;
  }
}
