package io.vdi.operator.cli.doctor;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.cli.cluster.Json;
import io.vdi.operator.cli.cluster.OperatorSettings;
import io.vdi.operator.cli.cluster.RouteAccess;
import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.diagnosis.Layer;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Flavor;
import io.vdi.operator.common.model.ResourceNames;
import io.vdi.operator.common.model.ResourceType;
import java.io.IOException;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;

/** The way from the browser to the Service: route, DNS, certificate, URL, WebSocket. */
final class RouteChecks {
  private static final Layer LAYER = Layer.DATA_PLANE;

  /** A router serves a new route within seconds. */
  private static final Duration ROUTER_UPDATE = Duration.ofSeconds(10);

  private RouteChecks() {}

  static List<Check<SessionContext>> checks() {
    // With "endpoints": a stopped desktop is not a problem of the route. With "gate": without it,
    // the router answers for the desktop.
    Set<String> route =
        Set.of("route", "middleware", "entrypoint", "endpoints", "address", "gate", "attached");
    return List.of(
        new Check<>("route", LAYER, "Route", Set.of("accepted"), RouteChecks::route),
        new Check<>(
            "middleware", LAYER, "Route middlewares", Set.of("route"), RouteChecks::middlewares),
        new Check<>("attached", LAYER, "Gate on the route", Set.of("route"), RouteChecks::attached),
        new Check<>(
            "entrypoint", LAYER, "Route entry points", Set.of("route"), RouteChecks::entryPoints),
        new Check<>(
            "resolver", LAYER, "Certificate resolver", Set.of("route"), RouteChecks::resolver),
        new Check<>("address", LAYER, "DNS", Set.of("route"), RouteChecks::address),
        new Check<>(
            "certificate",
            LAYER,
            "Router certificate",
            Set.of("address"),
            RouteChecks::certificate),
        new Check<>("url", LAYER, "URL requires the password", route, RouteChecks::url),
        new Check<>(
            "websocket",
            LAYER,
            "WebSocket through the router",
            Set.of("url", "password", "selkies"),
            RouteChecks::webSocket));
  }

  private static String url(SessionContext context, String path) {
    String url = context.session().status().url();
    if (url.isEmpty()) {
      throw new CliException.Failed("the session has no URL");
    }
    return url + path;
  }

  private static String host(SessionContext context) {
    return URI.create(url(context, "")).getHost();
  }

  private static Optional<JsonObject> ingressRoute(SessionContext context) {
    return context.child(ResourceType.INGRESS_ROUTE, context.name());
  }

  private static Optional<JsonObject> httpRoute(SessionContext context) {
    return context.child(ResourceType.HTTP_ROUTE, context.name());
  }

  private static Optional<JsonObject> anyRoute(SessionContext context) {
    return ingressRoute(context)
        .or(() -> context.child(ResourceType.INGRESS, context.name()))
        .or(() -> httpRoute(context));
  }

  private static boolean isHttpRoute(JsonObject route) {
    return !Json.list(route, "spec", "hostnames").isEmpty();
  }

  private static boolean isIngress(JsonObject route) {
    return !isHttpRoute(route) && !Json.list(route, "spec", "rules").isEmpty();
  }

  /** The kind of route that the controller writes. */
  private static ResourceType<?> configuredKind(SessionContext context) {
    return switch (OperatorSettings.ingressKind(context.cluster()).orElse("traefik")) {
      case "ingress" -> ResourceType.INGRESS;
      case "gateway" -> ResourceType.HTTP_ROUTE;
      default -> ResourceType.INGRESS_ROUTE;
    };
  }

  /** The route in messages and commands, as {@code kubectl} names it. */
  private static String nameOf(JsonObject route, SessionContext context) {
    return nameOf(
        isHttpRoute(route)
            ? ResourceType.HTTP_ROUTE
            : isIngress(route) ? ResourceType.INGRESS : ResourceType.INGRESS_ROUTE,
        context);
  }

  private static String nameOf(ResourceType<?> kind, SessionContext context) {
    return kind.kind().toLowerCase(Locale.ROOT) + " " + context.name();
  }

  private static JsonObject requiredRoute(SessionContext context) {
    return ingressRoute(context)
        .orElseThrow(() -> new CliException.Failed("the session has no IngressRoute"));
  }

  private static CheckResult route(SessionContext context) {
    Optional<Condition> notServed =
        context
            .session()
            .status()
            .condition(Condition.ROUTE_READY)
            .filter(condition -> !condition.isTrue());
    Optional<JsonObject> route = anyRoute(context);
    if (notServed.isPresent()) {
      return context.failed(
          KnownCause.ofTag(notServed.get().message()).orElse(KnownCause.ROUTE_KIND_NOT_SERVED),
          "vdisession " + context.name(),
          notServed.get().message());
    }
    String host = host(context);
    if (route.isEmpty()) {
      ResourceType<?> kind = configuredKind(context);
      String name = nameOf(kind, context);
      return context.cluster().serves(kind)
          ? context.failed(KnownCause.ROUTE_MISSING, name, "it does not exist", name)
          : context.failed(
              KnownCause.ROUTE_KIND_NOT_SERVED, name, kind.qualifiedName() + " is not served");
    }
    List<String> rules =
        Stream.of(
                Json.objects(route.get(), "spec", "routes").stream()
                    .map(each -> Json.text(each, "match")),
                Json.objects(route.get(), "spec", "rules").stream()
                    .map(each -> Json.text(each, "host"))
                    .filter(each -> !each.isEmpty())
                    .map(each -> "Host(`" + each + "`)"),
                Json.list(route.get(), "spec", "hostnames").stream()
                    .map(each -> "Host(`" + each.getAsString() + "`)"))
            .flatMap(Function.identity())
            .toList();
    return rules.contains("Host(`" + host + "`)")
        ? new CheckResult.Passed(host)
        : context.failed(
            KnownCause.ROUTE_MISSING,
            nameOf(route.get(), context),
            "it matches " + String.join(", ", rules) + "; the URL's host is " + host,
            nameOf(route.get(), context));
  }

  private static CheckResult middlewares(SessionContext context) {
    JsonObject route =
        ingressRoute(context).or(() -> httpRoute(context)).orElseGet(() -> requiredRoute(context));
    for (JsonObject reference : rules(route).flatMap(RouteChecks::references).toList()) {
      String namespace = Json.text(reference, "namespace");
      String name = Json.text(reference, "name");
      String path =
          ResourceType.MIDDLEWARE.path(namespace.isEmpty() ? context.namespace() : namespace, name);
      // name@provider is not an object of the cluster.
      if (!name.contains("@") && context.cluster().get(path).isEmpty()) {
        return context.failed(
            KnownCause.ROUTE_MIDDLEWARE,
            nameOf(route, context),
            "Middleware " + name + " does not exist",
            nameOf(route, context));
      }
    }
    return new CheckResult.Passed("all exist");
  }

  /** The rules of a route of any kind. */
  private static Stream<JsonObject> rules(JsonObject route) {
    return Stream.of("routes", "rules").flatMap(list -> Json.objects(route, "spec", list).stream());
  }

  /** The references to Middlewares in a rule of an IngressRoute or an HTTPRoute. */
  private static Stream<JsonObject> references(JsonObject rule) {
    return Stream.concat(
        Json.objects(rule, "middlewares").stream(),
        Json.objects(rule, "filters").stream()
            .flatMap(filter -> Json.at(filter, "extensionRef").stream())
            .map(JsonElement::getAsJsonObject)
            .filter(
                reference -> Json.text(reference, "kind").equals(ResourceType.MIDDLEWARE.kind())));
  }

  /** With {@code access.mode: gate} the router must ask the gate, and cookies need https. */
  private static CheckResult attached(SessionContext context) {
    boolean expected = OperatorSettings.accessMode(context.cluster()).equals(Optional.of("gate"));
    JsonObject route =
        anyRoute(context).orElseThrow(() -> new CliException.Failed("the session has no route"));
    if (!expected && !RouteAccess.usesGate(route)) {
      return new CheckResult.Passed("the desktop asks for its password");
    }
    Optional<String> problem = notAttached(context, route);
    if (problem.isPresent()) {
      String name = nameOf(route, context);
      return context.failed(KnownCause.GATE_NOT_ATTACHED, name, problem.get(), name);
    }
    String url = url(context, "");
    return url.startsWith("https://")
        ? new CheckResult.Passed("the router asks it")
        : context.failed(KnownCause.GATE_COOKIES, "the URL", "it is " + url, url);
  }

  private static Optional<String> notAttached(SessionContext context, JsonObject route) {
    if (!RouteAccess.usesGate(route)) {
      return Optional.of("it has no annotation " + Annotations.ACCESS_MODE + ": gate");
    }
    if (isIngress(route)
        && Json.map(route, "metadata", "annotations").containsKey(Annotations.NGINX_AUTH_URL)) {
      return Stream.of(
              Map.entry(ResourceType.SERVICE, ResourceNames.GATE_SERVICE),
              Map.entry(ResourceType.INGRESS, ResourceNames.gateIngress(context.name())))
          .filter(part -> context.child(part.getKey(), part.getValue()).isEmpty())
          .map(part -> part.getKey().kind() + " " + part.getValue() + " does not exist")
          .findFirst();
    }
    boolean refers =
        isIngress(route)
            ? Json.map(route, "metadata", "annotations")
                .getOrDefault("traefik.ingress.kubernetes.io/router.middlewares", "")
                .contains("-" + ResourceNames.MIDDLEWARE + "@kubernetescrd")
            : rules(route)
                .allMatch(rule ->
                    references(rule)
                        .anyMatch(ref -> Json.text(ref, "name").equals(ResourceNames.MIDDLEWARE)));
    if (!refers) {
      return Optional.of("it does not refer to the Middleware " + ResourceNames.MIDDLEWARE);
    }
    return context
        .child(ResourceType.MIDDLEWARE, ResourceNames.MIDDLEWARE)
        .map(found -> Json.text(found, "spec", "forwardAuth", "address"))
        .filter(address -> !address.isEmpty())
        .map(address -> Optional.<String>empty())
        .orElse(
            Optional.of("Middleware " + ResourceNames.MIDDLEWARE + " has no forwardAuth.address"));
  }

  private static boolean usesGate(SessionContext context) {
    return anyRoute(context).filter(RouteAccess::usesGate).isPresent();
  }

  /** The options of Traefik's pods in lower case, because Traefik ignores their case. */
  private static List<String> traefikOptions(SessionContext context) {
    List<String> options =
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
    if (options.isEmpty()) {
      throw new CliException.Failed("no pod with label app.kubernetes.io/name=traefik");
    }
    return options;
  }

  private static CheckResult entryPoints(SessionContext context) {
    List<JsonElement> required = Json.list(requiredRoute(context), "spec", "entryPoints");
    List<String> options = traefikOptions(context);
    for (JsonElement each : required) {
      String option = "--entrypoints." + each.getAsString().toLowerCase(Locale.ROOT) + ".";
      if (options.stream().noneMatch(argument -> argument.startsWith(option))) {
        return context.failed(
            KnownCause.ROUTE_ENTRY_POINT,
            nameOf(ResourceType.INGRESS_ROUTE, context),
            "spec.entryPoints contains " + each.getAsString());
      }
    }
    return new CheckResult.Passed("all exist in the router");
  }

  private static CheckResult resolver(SessionContext context) {
    String name = Json.text(requiredRoute(context), "spec", "tls", "certResolver");
    if (name.isEmpty()) {
      return new CheckResult.Passed("the route uses none");
    }
    String option = "--certificatesresolvers." + name.toLowerCase(Locale.ROOT) + ".";
    return traefikOptions(context).stream().anyMatch(argument -> argument.startsWith(option))
        ? new CheckResult.Passed(name)
        : context.failed(
            KnownCause.ROUTE_CERTIFICATE_RESOLVER,
            nameOf(ResourceType.INGRESS_ROUTE, context),
            "spec.tls.certResolver is " + name);
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
      context.router().checkCertificate(url(context, "/"));
      return new CheckResult.Passed("trusted");
    } catch (SSLException e) {
      return context.failed(KnownCause.CERTIFICATE_UNTRUSTED, "https://" + host, rootMessage(e));
    } catch (IOException e) {
      return new CheckResult.Skipped("no answer");
    }
  }

  private static String rootMessage(Exception e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage());
  }

  private static CheckResult url(SessionContext context) {
    String url = url(context, "/");
    int status;
    try {
      status = context.router().status(url);
    } catch (IOException e) {
      return context.failed(KnownCause.ROUTER_UNREACHABLE, url, rootMessage(e));
    }
    return switch (status) {
      case 401 -> new CheckResult.Passed("answers 401 without it");
      case 404 ->
          // Traefik does not serve a route whose Service has no endpoint yet.
          context.isRunning() && context.timeInPhase().compareTo(ROUTER_UPDATE) >= 0
              ? context.failed(KnownCause.ROUTER_WITHOUT_ROUTE, url, "it answers 404")
              : new CheckResult.Skipped("404: the desktop is not ready yet");
      case 200 ->
          context.templateSpec().flavor() == Flavor.CUSTOM
              ? new CheckResult.Passed("answers 200 without it; flavor custom may ask on a page")
              : context.failed(
                  KnownCause.DESKTOP_UNPROTECTED, url, "it answers 200 without a password");
      case 502, 503, 504 ->
          context.isRunning()
              ? context.failed(
                  KnownCause.NO_ENDPOINTS, "service " + context.name(), url + " answers " + status)
              : new CheckResult.Skipped("the desktop is not ready yet");
      default -> new CheckResult.Passed("answers " + status + " without it");
    };
  }

  private static CheckResult webSocket(SessionContext context) {
    if (!context.isRunning()) {
      return new CheckResult.Skipped("the desktop is not ready yet");
    }
    if (usesGate(context)) {
      return new CheckResult.Skipped("only a browser that is signed in opens it");
    }
    if (context.templateSpec().flavor() != Flavor.SELKIES) {
      return new CheckResult.Skipped(
          "the path of flavor %s is not known".formatted(context.templateSpec().flavor().text()));
    }
    String authorization = DesktopChecks.authorization(context);
    String url = url(context, "/api/websockets");
    RouterClient.Upgrade upgrade = context.router().upgrade(url, authorization);
    if (upgrade.equals(new RouterClient.Upgrade.Answered(409))) {
      // Selkies streams over WebRTC, whose signalling has another path.
      url = url(context, "/api/ws");
      upgrade = context.router().upgrade(url, authorization);
    }
    String route = anyRoute(context).map(found -> nameOf(found, context)).orElse("");
    return switch (upgrade) {
      case RouterClient.Upgrade.Answered(int status) when status == 101 ->
          new CheckResult.Passed("opened");
      case RouterClient.Upgrade.Answered(int status) when status == 404 ->
          new CheckResult.Skipped("the image has no such path");
      case RouterClient.Upgrade.Answered(int status) ->
          context.failed(
              KnownCause.WEBSOCKET_BLOCKED, url, "it answers " + status + " instead of 101", route);
      case RouterClient.Upgrade.NotAnswered() ->
          context.failed(KnownCause.WEBSOCKET_BLOCKED, url, "it does not answer", route);
      case RouterClient.Upgrade.Untrusted() ->
          new CheckResult.Skipped("the password is not sent to a router that is not trusted");
    };
  }
}
