package io.vdi.operator.cli.doctor;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonSyntaxException;
import io.vdi.operator.cli.cluster.Json;
import io.vdi.operator.cli.cluster.SessionLogin;
import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.diagnosis.Layer;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.ResourceNames;
import io.vdi.operator.common.model.VdiTemplate;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import okhttp3.Credentials;

/** Selkies, asked in its pod, and the way from its Service to it. */
final class DesktopChecks {
  private static final Layer LAYER = Layer.DATA_PLANE;

  /** A desktop that has just become unready may be so for a moment. */
  private static final Duration A_MOMENT = Duration.ofSeconds(10);

  /** A desktop whose image is there is ready within seconds; on a busy node it takes longer. */
  private static final Duration START = Duration.ofMinutes(1);

  private DesktopChecks() {}

  static List<Check<SessionContext>> checks() {
    return List.of(
        new Check<>(
            "selkies", LAYER, "Selkies answers", Set.of("container"), DesktopChecks::selkies),
        new Check<>("password", LAYER, "Password", Set.of("selkies"), DesktopChecks::password),
        new Check<>("endpoints", LAYER, "Service", Set.of("selkies"), DesktopChecks::endpoints));
  }

  private static CheckResult selkies(SessionContext context) {
    Optional<JsonObject> pod = context.pod();
    if (pod.isEmpty() || Json.text(pod.get(), "status", "podIP").isEmpty()) {
      return SessionContext.NO_POD;
    }
    VdiTemplate.Spec template = context.templateSpec();
    String path = template.healthPath().isEmpty() ? "/" : template.healthPath();
    ForwardedPort.Page page = context.desktop().get(path, Optional.empty());
    if (page.code() == 0 || page.code() >= 500) {
      Duration since = context.timeInPhase();
      return since.compareTo(patience(context)) < 0
          ? new CheckResult.Skipped("still starting, since " + since.toSeconds() + " s")
          : context.failed(
              KnownCause.SELKIES_SILENT,
              WorkloadChecks.pod(context),
              "GET :"
                  + template.port()
                  + path
                  + " "
                  + (page.code() == 0 ? "is not answered" : "answers " + page.code()));
    }
    if (!template.healthPath().isEmpty() && page.code() == 404) {
      return context.failed(
          KnownCause.SELKIES_SILENT, WorkloadChecks.pod(context), "GET " + path + " answers 404");
    }
    return mode(context)
        .map(mode ->
            mode.isEmpty()
                ? context.failed(
                    KnownCause.SELKIES_SILENT,
                    WorkloadChecks.pod(context),
                    "/api/status tells no current_mode")
                : new CheckResult.Passed(mode))
        .orElse(new CheckResult.Passed("HTTP " + page.code()));
  }

  /** How long it may keep silent: one that has been there before, no longer than a moment. */
  private static Duration patience(SessionContext context) {
    if (context.session().status().startedAt().isPresent()) {
      return A_MOMENT;
    }
    Duration startup =
        Defaults.effectiveSpec(context.session().spec(), context.templateSpec()).startupTimeout();
    return startup.compareTo(START) < 0 ? startup : START;
  }

  /** What it streams by; empty where this image tells nothing of it. */
  private static Optional<String> mode(SessionContext context) {
    ForwardedPort.Page status = context.desktop().get("/api/status", Optional.empty());
    if (status.code() != 200) {
      return Optional.empty();
    }
    try {
      JsonElement answer = JsonParser.parseString(status.body());
      return answer instanceof JsonObject object && object.has("current_mode")
          ? Optional.of(Json.text(object, "current_mode"))
          : Optional.empty();
    } catch (JsonSyntaxException e) {
      return Optional.empty();
    }
  }

  /** The user name and password of the session, as a header. */
  static String credentials(SessionContext context) {
    SessionLogin login = SessionLogin.of(context.cluster(), context.session(), context.template());
    return Credentials.basic(login.user(), login.password());
  }

  private static CheckResult password(SessionContext context) {
    if (context.pod().isEmpty()) {
      return SessionContext.NO_POD;
    }
    ForwardedPort.Page without = context.desktop().get("/", Optional.empty());
    if (without.code() == 200) {
      return context.failed(
          KnownCause.DESKTOP_UNPROTECTED,
          WorkloadChecks.pod(context),
          "GET / answers 200 without a password");
    }
    ForwardedPort.Page with = context.desktop().get("/", Optional.of(credentials(context)));
    if (with.code() == 401) {
      return context.failed(
          KnownCause.PASSWORD_REFUSED,
          "secret " + ResourceNames.secret(context.session().name()),
          "GET / with its password answers 401");
    }
    return with.code() == 0
        ? new CheckResult.Skipped("no answer")
        : new CheckResult.Passed("lets in who knows it");
  }

  private static CheckResult endpoints(SessionContext context) {
    if (context.pod().isEmpty()) {
      return SessionContext.NO_POD;
    }
    String name = context.session().name();
    long ready = Endpoints.ready(context.cluster(), context.namespace(), name);
    if (ready > 0) {
      return new CheckResult.Passed(Endpoints.describe(ready));
    }
    return context.isRunning()
        ? context.failed(KnownCause.NO_ENDPOINTS, "service " + name, "it has no ready endpoint")
        : new CheckResult.Skipped("the desktop is not ready yet");
  }
}
