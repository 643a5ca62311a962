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

  private static String address(SessionContext context, String path) {
    String url = context.session().status().url();
    if (url.isEmpty()) {
      throw new CliException(0, "the session has no URL");
    }
    return url + path;
  }

  private static String host(SessionContext context) {
    return URI.create(address(context, "")).getHost();
  }

  private static Optional<JsonObject> ingressRoute(SessionContext context) {
    return context.child(ResourceType.INGRESS_ROUTE, context.session().name());
  }

  private static JsonObject requiredRoute(SessionContext context) {
    return ingressRoute(context)
        .orElseThrow(() -> new CliException(404, "the session has no IngressRoute"));
  }

  private static CheckResult route(SessionContext context) {
    Optional<Condition> notServed =
        context
            .session()
            .status()
            .condition(Condition.ROUTE_READY)
            .filter(condition -> !condition.isTrue());
    if (notServed.isPresent()) {
      return context.failed(
          KnownCause.ROUTE_KIND_NOT_SERVED,
          "vdisession " + context.session().name(),
          notServed.get().message());
    }
    String host = host(context);
    Optional<JsonObject> traefik = ingressRoute(context);
    Optional<JsonObject> route =
        traefik.or(() -> context.child(ResourceType.INGRESS, context.session().name()));
    String kind = traefik.isPresent() ? "ingressroute " : "ingress ";
    if (route.isEmpty() && !context.cluster().serves(ResourceType.INGRESS_ROUTE)) {
      // An Ingress that is missing would be made anew at once.
      return context.failed(
          KnownCause.ROUTE_KIND_NOT_SERVED,
          "ingressroute " + context.session().name(),
          ResourceType.INGRESS_ROUTE.qualifiedName() + " is not served");
    }
    if (route.isEmpty()) {
      return context.failed(
          KnownCause.ROUTE_MISSING, "ingressroute " + context.session().name(), "it is not there");
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
        : context.failed(
            KnownCause.ROUTE_MISSING,
            kind + context.session().name(),
            "it matches " + String.join(", ", hosts) + "; the URL's host is " + host);
  }

  private static CheckResult middlewares(SessionContext context) {
    for (JsonObject rule : Json.objects(requiredRoute(context), "spec", "routes")) {
      for (JsonObject reference : Json.objects(rule, "middlewares")) {
        String namespace = Json.text(reference, "namespace");
        String name = Json.text(reference, "name");
        String path =
            "/apis/traefik.io/v1alpha1/namespaces/"
                + (namespace.isEmpty() ? context.namespace() : namespace)
                + "/middlewares/"
                + name;
        if (!name.contains("@") && context.cluster().get(path).isEmpty()) {
          return context.failed(
              KnownCause.ROUTE_MIDDLEWARE,
              "ingressroute " + context.session().name(),
              "Middleware " + name + " is not there");
        }
      }
    }
    return new CheckResult.Passed("all there");
  }

  /** The arguments of Traefik's pods, in lower case: its options are in any. */
  private static List<String> arguments(SessionContext context) {
    List<String> arguments =
        context
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

  private static CheckResult entryPoints(SessionContext context) {
    List<JsonElement> wanted = Json.list(requiredRoute(context), "spec", "entryPoints");
    List<String> arguments = arguments(context);
    for (JsonElement each : wanted) {
      String option = "--entrypoints." + each.getAsString().toLowerCase(Locale.ROOT) + ".";
      if (arguments.stream().noneMatch(argument -> argument.startsWith(option))) {
        return context.failed(
            KnownCause.ROUTE_ENTRY_POINT,
            "ingressroute " + context.session().name(),
            "spec.entryPoints names " + each.getAsString());
      }
    }
    return new CheckResult.Passed("the router has them");
  }

  private static CheckResult resolver(SessionContext context) {
    String name = Json.text(requiredRoute(context), "spec", "tls", "certResolver");
    if (name.isEmpty()) {
      return new CheckResult.Passed("none wanted");
    }
    String option = "--certificatesresolvers." + name.toLowerCase(Locale.ROOT) + ".";
    return arguments(context).stream().anyMatch(argument -> argument.startsWith(option))
        ? new CheckResult.Passed(name)
        : context.failed(
            KnownCause.ROUTE_CERTIFICATE_RESOLVER,
            "ingressroute " + context.session().name(),
            "spec.tls.certResolver names " + name);
  }

  private static CheckResult address(SessionContext context) {
    String host = host(context);
    try {
      return new CheckResult.Passed(context.router().address(host).getHostAddress());
    } catch (UnknownHostException e) {
      return context.failed(KnownCause.HOST_NOT_RESOLVED, "host " + host, "it has no address");
    }
  }

  private static CheckResult certificate(SessionContext context) {
    String host = host(context);
    try {
      context.router().checkCertificate(address(context, "/"));
      return new CheckResult.Passed("trusted");
    } catch (SSLException e) {
      return context.failed(KnownCause.CERTIFICATE_UNTRUSTED, "https://" + host, words(e));
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

  private static CheckResult url(SessionContext context) {
    String url = address(context, "/");
    try {
      int status = context.router().status(url);
      return switch (status) {
        case 401 -> new CheckResult.Passed("401, as it should");
        case 404 ->
            // Traefik leaves out a route whose Service leads nowhere yet.
            !context.isRunning() || context.timeInPhase().compareTo(PATIENCE) < 0
                ? new CheckResult.Skipped("404: the desktop is not ready, or just now")
                : context.failed(KnownCause.ROUTER_WITHOUT_ROUTE, url, "it answers 404");
        case 200 ->
            context.failed(
                KnownCause.DESKTOP_UNPROTECTED, url, "it answers 200 without a password");
        case 502, 503, 504 ->
            context.isRunning()
                ? context.failed(
                    KnownCause.NO_ENDPOINTS,
                    "service " + context.session().name(),
                    url + " answers " + status)
                : new CheckResult.Skipped("the desktop is not ready yet");
        default -> new CheckResult.Passed(String.valueOf(status));
      };
    } catch (IOException e) {
      return context.failed(KnownCause.ROUTER_UNREACHABLE, url, words(e));
    }
  }

  private static CheckResult webSocket(SessionContext context) {
    if (!context.isRunning()) {
      return new CheckResult.Skipped("the desktop is not ready yet");
    }
    try {
      String credentials = DesktopChecks.credentials(context);
      String url = address(context, "/api/websockets");
      int status = context.router().upgrade(url, credentials);
      if (status == 409) {
        // It streams by WebRTC, for which the browser signals elsewhere.
        url = address(context, "/api/ws");
        status = context.router().upgrade(url, credentials);
      }
      return switch (status) {
        case 101 -> new CheckResult.Passed("upgraded");
        case 404 -> new CheckResult.Skipped("this image is asked elsewhere");
        default ->
            context.failed(
                KnownCause.WEBSOCKET_BLOCKED,
                url,
                status == 0 ? "it does not answer" : "it answers " + status + " instead of 101");
      };
    } catch (SSLException e) {
      return new CheckResult.Skipped("the password is not sent to who is not trusted");
    }
  }
}
