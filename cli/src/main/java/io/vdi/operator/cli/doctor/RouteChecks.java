package io.vdi.operator.cli.doctor;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.cli.cluster.Json;
import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.diagnosis.Layer;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.ResourceType;
import java.io.IOException;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;

/** From the browser to the Service: the route, and what the router makes of it. */
final class RouteChecks {
  private static final Layer LAYER = Layer.DATA_PLANE;

  /** A router takes up a new route within seconds. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private RouteChecks() {}

  static List<Check<SessionContext>> checks() {
    // A desktop that is not there is no fault of the route.
    Set<String> there = Set.of("route", "middleware", "entrypoint", "endpoints", "address");
    return List.of(
        new Check<>("route", LAYER, "Route", Set.of("accepted"), RouteChecks::route),
        new Check<>(
            "middleware", LAYER, "Route's Middlewares", Set.of("route"), RouteChecks::middlewares),
        new Check<>(
            "entrypoint", LAYER, "Route's entry points", Set.of("route"), RouteChecks::entryPoints),
        new Check<>(
            "resolver", LAYER, "Certificate resolver", Set.of("route"), RouteChecks::resolver),
        new Check<>("address", LAYER, "Address of the host", Set.of("route"), RouteChecks::address),
        new Check<>(
            "certificate",
            LAYER,
            "Router's certificate",
            Set.of("address"),
            RouteChecks::certificate),
        new Check<>("url", LAYER, "URL asks for a password", there, RouteChecks::url),
        new Check<>(
            "websocket",
            LAYER,
            "WebSocket through the router",
            Set.of("url", "password", "selkies"),
            RouteChecks::webSocket));
  }

  private static String address(SessionContext patient, String path) {
    String url = patient.session().status().url();
    if (url.isEmpty()) {
      throw new CliException(0, "the session has no URL");
    }
    return url + path;
  }

  private static String host(SessionContext patient) {
    return URI.create(address(patient, "")).getHost();
  }

  private static Optional<JsonObject> ingressRoute(SessionContext patient) {
    return patient.own(ResourceType.INGRESS_ROUTE, patient.session().name());
  }

  private static JsonObject requiredRoute(SessionContext patient) {
    return ingressRoute(patient)
        .orElseThrow(() -> new CliException(404, "the session has no IngressRoute"));
  }

  private static CheckResult route(SessionContext patient) {
    Optional<Condition> notServed =
        patient
            .session()
            .status()
            .condition(Condition.ROUTE_READY)
            .filter(condition -> !condition.isTrue());
    if (notServed.isPresent()) {
      return patient.found(
          KnownCause.ROUTE_KIND_NOT_SERVED,
          "vdisession " + patient.session().name(),
          notServed.get().message());
    }
    String host = host(patient);
    Optional<JsonObject> traefik = ingressRoute(patient);
    Optional<JsonObject> route =
        traefik.or(() -> patient.own(ResourceType.INGRESS, patient.session().name()));
    String kind = traefik.isPresent() ? "ingressroute " : "ingress ";
    if (route.isEmpty() && !patient.cluster().serves(ResourceType.INGRESS_ROUTE)) {
      // An Ingress that is missing would be made anew at once.
      return patient.found(
          KnownCause.ROUTE_KIND_NOT_SERVED,
          "ingressroute " + patient.session().name(),
          ResourceType.INGRESS_ROUTE.qualifiedName() + " is not served");
    }
    if (route.isEmpty()) {
      return patient.found(
          KnownCause.ROUTE_MISSING, "ingressroute " + patient.session().name(), "it is not there");
    }
    List<String> hosts =
        Stream.concat(
                Json.objects(route.get(), "spec", "routes").stream()
                    .map(each -> Json.text(each, "match")),
                Json.objects(route.get(), "spec", "rules").stream()
                    .map(each -> "Host(`" + Json.text(each, "host") + "`)"))
            .toList();
    return hosts.contains("Host(`" + host + "`)")
        ? new CheckResult.Passed(host)
        : patient.found(
            KnownCause.ROUTE_MISSING,
            kind + patient.session().name(),
            "it matches " + String.join(", ", hosts) + "; the URL's host is " + host);
  }

  private static CheckResult middlewares(SessionContext patient) {
    for (JsonObject rule : Json.objects(requiredRoute(patient), "spec", "routes")) {
      for (JsonObject reference : Json.objects(rule, "middlewares")) {
        String namespace = Json.text(reference, "namespace");
        String name = Json.text(reference, "name");
        String path =
            "/apis/traefik.io/v1alpha1/namespaces/"
                + (namespace.isEmpty() ? patient.namespace() : namespace)
                + "/middlewares/"
                + name;
        if (!name.contains("@") && patient.cluster().get(path).isEmpty()) {
          return patient.found(
              KnownCause.ROUTE_MIDDLEWARE,
              "ingressroute " + patient.session().name(),
              "Middleware " + name + " is not there");
        }
      }
    }
    return new CheckResult.Passed("all there");
  }

  /** The arguments of Traefik's pods, in lower case: its options are in any. */
  private static List<String> arguments(SessionContext patient) {
    List<String> arguments =
        patient
            .cluster()
            .list(ResourceType.POD.path("") + "?labelSelector=app.kubernetes.io/name=traefik")
            .stream()
            .flatMap(pod -> Json.objects(pod, "spec", "containers").stream())
            .flatMap(container ->
                Stream.concat(
                    Json.list(container, "command").stream(),
                    Json.list(container, "args").stream()))
            .map(JsonElement::getAsString)
            .map(argument -> argument.toLowerCase(Locale.ROOT))
            .filter(argument -> argument.startsWith("--"))
            .toList();
    if (arguments.isEmpty()) {
      throw new CliException(404, "no pod with label app.kubernetes.io/name=traefik");
    }
    return arguments;
  }

  private static CheckResult entryPoints(SessionContext patient) {
    List<JsonElement> wanted = Json.list(requiredRoute(patient), "spec", "entryPoints");
    List<String> arguments = arguments(patient);
    for (JsonElement each : wanted) {
      String option = "--entrypoints." + each.getAsString().toLowerCase(Locale.ROOT) + ".";
      if (arguments.stream().noneMatch(argument -> argument.startsWith(option))) {
        return patient.found(
            KnownCause.ROUTE_ENTRY_POINT,
            "ingressroute " + patient.session().name(),
            "spec.entryPoints names " + each.getAsString());
      }
    }
    return new CheckResult.Passed("the router has them");
  }

  private static CheckResult resolver(SessionContext patient) {
    String name = Json.text(requiredRoute(patient), "spec", "tls", "certResolver");
    if (name.isEmpty()) {
      return new CheckResult.Passed("none wanted");
    }
    String option = "--certificatesresolvers." + name.toLowerCase(Locale.ROOT) + ".";
    return arguments(patient).stream().anyMatch(argument -> argument.startsWith(option))
        ? new CheckResult.Passed(name)
        : patient.found(
            KnownCause.ROUTE_CERTIFICATE_RESOLVER,
            "ingressroute " + patient.session().name(),
            "spec.tls.certResolver names " + name);
  }

  private static CheckResult address(SessionContext patient) {
    String host = host(patient);
    try {
      return new CheckResult.Passed(patient.visit().address(host).getHostAddress());
    } catch (UnknownHostException e) {
      return patient.found(KnownCause.HOST_NOT_RESOLVED, "host " + host, "it has no address");
    }
  }

  private static CheckResult certificate(SessionContext patient) {
    String host = host(patient);
    try {
      patient.visit().greet(address(patient, "/"));
      return new CheckResult.Passed("trusted");
    } catch (SSLException e) {
      return patient.found(KnownCause.CERTIFICATE_UNTRUSTED, "https://" + host, words(e));
    } catch (IOException e) {
      return new CheckResult.Skipped("no answer");
    }
  }

  private static String words(Exception e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage());
  }

  private static CheckResult url(SessionContext patient) {
    String url = address(patient, "/");
    try {
      int status = patient.visit().status(url);
      return switch (status) {
        case 401 -> new CheckResult.Passed("401, as it should");
        case 404 ->
            // Traefik leaves out a route whose Service leads nowhere yet.
            !patient.isRunning() || patient.sinceChange().compareTo(PATIENCE) < 0
                ? new CheckResult.Skipped("404: the desktop is not ready, or just now")
                : patient.found(KnownCause.ROUTER_WITHOUT_ROUTE, url, "it answers 404");
        case 200 ->
            patient.found(KnownCause.DESKTOP_UNPROTECTED, url, "it answers 200 without a password");
        case 502, 503, 504 ->
            patient.isRunning()
                ? patient.found(
                    KnownCause.NO_ENDPOINTS,
                    "service " + patient.session().name(),
                    url + " answers " + status)
                : new CheckResult.Skipped("the desktop is not ready yet");
        default -> new CheckResult.Passed(String.valueOf(status));
      };
    } catch (IOException e) {
      return patient.found(KnownCause.ROUTER_UNREACHABLE, url, words(e));
    }
  }

  private static CheckResult webSocket(SessionContext patient) {
    if (!patient.isRunning()) {
      return new CheckResult.Skipped("the desktop is not ready yet");
    }
    try {
      String credentials = DesktopChecks.credentials(patient);
      String url = address(patient, "/api/websockets");
      int status = patient.visit().upgrade(url, credentials);
      if (status == 409) {
        // It streams by WebRTC, for which the browser signals elsewhere.
        url = address(patient, "/api/ws");
        status = patient.visit().upgrade(url, credentials);
      }
      return switch (status) {
        case 101 -> new CheckResult.Passed("upgraded");
        case 404 -> new CheckResult.Skipped("this image is asked elsewhere");
        default ->
            patient.found(
                KnownCause.WEBSOCKET_BLOCKED,
                url,
                status == 0 ? "it does not answer" : "it answers " + status + " instead of 101");
      };
    } catch (SSLException e) {
      return new CheckResult.Skipped("the password is not sent to who is not trusted");
    }
  }
}
