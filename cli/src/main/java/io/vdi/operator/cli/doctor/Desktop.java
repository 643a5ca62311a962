package io.vdi.operator.cli.doctor;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonSyntaxException;
import io.vdi.operator.cli.cluster.Json;
import io.vdi.operator.cli.cluster.Login;
import io.vdi.operator.common.causes.Cause;
import io.vdi.operator.common.causes.Layer;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.Names;
import io.vdi.operator.common.model.VdiTemplate;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import okhttp3.Credentials;

/** Selkies, asked in its pod, and the way from its Service to it. */
final class Desktop {
  private static final Layer LAYER = Layer.DATA_PLANE;

  /** A desktop that has just become unready may be so for a moment. */
  private static final Duration A_MOMENT = Duration.ofSeconds(10);

  /** A desktop whose image is there is ready within seconds; on a busy node it takes longer. */
  private static final Duration START = Duration.ofMinutes(1);

  private Desktop() {}

  static List<Check<Patient>> checks() {
    return List.of(
        new Check<>("selkies", LAYER, "Selkies answers", Set.of("container"), Desktop::selkies),
        new Check<>("password", LAYER, "Password", Set.of("selkies"), Desktop::password),
        new Check<>("endpoints", LAYER, "Service", Set.of("selkies"), Desktop::endpoints));
  }

  private static Answer selkies(Patient patient) {
    Optional<JsonObject> pod = patient.pod();
    if (pod.isEmpty() || Json.text(pod.get(), "status", "podIP").isEmpty()) {
      return Patient.NO_POD;
    }
    VdiTemplate.Spec template = patient.templateSpec();
    String path = template.healthPath().isEmpty() ? "/" : template.healthPath();
    Forwarded.Page page = patient.desktop().get(path, Optional.empty());
    if (page.code() == 0 || page.code() >= 500) {
      Duration since = patient.sinceChange();
      return since.compareTo(patience(patient)) < 0
          ? new Answer.Skipped("still starting, since " + since.toSeconds() + " s")
          : patient.found(
              Cause.SELKIES_SILENT,
              Workload.pod(patient),
              "GET :"
                  + template.port()
                  + path
                  + " "
                  + (page.code() == 0 ? "is not answered" : "answers " + page.code()));
    }
    if (!template.healthPath().isEmpty() && page.code() == 404) {
      return patient.found(
          Cause.SELKIES_SILENT, Workload.pod(patient), "GET " + path + " answers 404");
    }
    return mode(patient)
        .map(mode ->
            mode.isEmpty()
                ? patient.found(
                    Cause.SELKIES_SILENT,
                    Workload.pod(patient),
                    "/api/status tells no current_mode")
                : new Answer.Fine(mode))
        .orElse(new Answer.Fine("HTTP " + page.code()));
  }

  /** How long it may keep silent: one that has been there before, no longer than a moment. */
  private static Duration patience(Patient patient) {
    if (patient.session().status().started().isPresent()) {
      return A_MOMENT;
    }
    Duration startup =
        Defaults.complete(patient.session().spec(), patient.templateSpec()).startupTimeout();
    return startup.compareTo(START) < 0 ? startup : START;
  }

  /** What it streams by; empty where this image tells nothing of it. */
  private static Optional<String> mode(Patient patient) {
    Forwarded.Page status = patient.desktop().get("/api/status", Optional.empty());
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
  static String credentials(Patient patient) {
    Login login = Login.of(patient.cluster(), patient.session(), patient.template());
    return Credentials.basic(login.user(), login.password());
  }

  private static Answer password(Patient patient) {
    if (patient.pod().isEmpty()) {
      return Patient.NO_POD;
    }
    Forwarded.Page without = patient.desktop().get("/", Optional.empty());
    if (without.code() == 200) {
      return patient.found(
          Cause.DESKTOP_UNPROTECTED, Workload.pod(patient), "GET / answers 200 without a password");
    }
    Forwarded.Page with = patient.desktop().get("/", Optional.of(credentials(patient)));
    if (with.code() == 401) {
      return patient.found(
          Cause.PASSWORD_REFUSED,
          "secret " + Names.secret(patient.session().name()),
          "GET / with its password answers 401");
    }
    return with.code() == 0
        ? new Answer.Skipped("no answer")
        : new Answer.Fine("lets in who knows it");
  }

  private static Answer endpoints(Patient patient) {
    if (patient.pod().isEmpty()) {
      return Patient.NO_POD;
    }
    String name = patient.session().name();
    long ready = Endpoints.ready(patient.cluster(), patient.namespace(), name);
    if (ready > 0) {
      return new Answer.Fine(Endpoints.words(ready));
    }
    return patient.isRunning()
        ? patient.found(Cause.NO_ENDPOINTS, "service " + name, "it has no ready endpoint")
        : new Answer.Skipped("the desktop is not ready yet");
  }
}
