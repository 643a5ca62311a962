package io.vdi.operator.cli.doctor;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.cli.cluster.Json;
import io.vdi.operator.cli.cluster.OperatorSettings;
import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.diagnosis.Layer;
import io.vdi.operator.common.model.ChildKind;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/** The gate: its pods, its provider, its keys, its clock, and the way to the portal. */
final class GateChecks {
  private static final Layer LAYER = Layer.CONTROL_PLANE;
  private static final int OBSERVE_PORT = 8081;

  /** The default of {@code gate.oidc.clockSkew}, which a token can differ by, is 30 s. */
  private static final long MAX_OFFSET_SECONDS = 10;

  private static final CheckResult NOT_INSTALLED =
      new CheckResult.Skipped("the gate is not installed");

  private GateChecks() {}

  static List<Check<DoctorContext>> checks() {
    Set<String> running = Set.of("definitions", "gate");
    return List.of(
        new Check<>("gate", LAYER, "Gate", Set.of("definitions"), GateChecks::gate),
        new Check<>("gateKeys", LAYER, "Keys of the gate", running, GateChecks::keys),
        new Check<>("provider", LAYER, "Provider of the gate", running, GateChecks::provider),
        new Check<>("gateClock", LAYER, "Clock of the gate", running, GateChecks::clock),
        new Check<>("portal", LAYER, "Route to the portal", running, GateChecks::portal),
        new Check<>(
            "gateCookies",
            LAYER,
            "Cookies of the portal",
            Set.of("definitions", "gate", "portal", "provider"),
            GateChecks::cookies));
  }

  private static String name(DoctorContext context) {
    return context.cluster().chartName("gate");
  }

  private static boolean isInstalled(DoctorContext context) {
    return ServiceChecks.deployment(context, "gate").isPresent();
  }

  private static CheckResult gate(DoctorContext context) {
    Optional<JsonObject> deployment = ServiceChecks.deployment(context, "gate");
    if (deployment.isEmpty()) {
      return NOT_INSTALLED;
    }
    long replicas = Json.number(deployment.get(), "spec", "replicas");
    long ready = Json.number(deployment.get(), "status", "readyReplicas");
    String object = "deployment " + name(context) + " in " + context.cluster().operatorNamespace();
    if (replicas == 0) {
      return context.failed(
          KnownCause.SERVICE_STOPPED, object, "spec.replicas is 0", name(context));
    }
    if (ready > 0) {
      return new CheckResult.Passed(ready + "/" + replicas);
    }
    Optional<JsonObject> report = report(context);
    return report
        .filter(found -> !Json.text(found, "keysError").isEmpty())
        .map(found -> keysFailed(context, found))
        .orElseGet(() ->
            context.failed(
                KnownCause.GATE_NOT_READY,
                object,
                "0 of "
                    + replicas
                    + " pods are ready"
                    + ServiceChecks.waitingReason(context, "gate"),
                name(context)));
  }

  /** {@code /report} of one replica; empty if none answers. */
  private static Optional<JsonObject> report(DoctorContext context) {
    return ServiceChecks.pods(context, "gate").stream()
        .filter(pod -> Json.text(pod, "status", "phase").equals("Running"))
        .map(Json::name)
        .flatMap(pod -> report(context, pod).stream())
        .findFirst();
  }

  private static Optional<JsonObject> report(DoctorContext context, String pod) {
    try (ForwardedPort gate =
        ForwardedPort.to(
            context.cluster(), context.cluster().operatorNamespace(), pod, OBSERVE_PORT)) {
      return gate.get("/report", Optional.empty())
          .filter(page -> page.status() == 200)
          .map(page -> JsonParser.parseString(page.body()))
          .filter(JsonObject.class::isInstance)
          .map(JsonObject.class::cast);
    } catch (JsonParseException e) {
      return Optional.empty();
    }
  }

  private static JsonObject requiredReport(DoctorContext context) {
    return report(context)
        .orElseThrow(() -> new CliException.Failed("no pod of the gate returns its report"));
  }

  private static CheckResult keysFailed(DoctorContext context, JsonObject report) {
    String secret = Json.text(report, "keysSecret");
    return context.failed(
        KnownCause.GATE_KEYS,
        "secret " + secret + " in " + context.cluster().operatorNamespace(),
        Json.text(report, "keysError"),
        secret);
  }

  private static CheckResult keys(DoctorContext context) {
    if (!isInstalled(context)) {
      return NOT_INSTALLED;
    }
    JsonObject report = requiredReport(context);
    return Json.text(report, "keysError").isEmpty()
        ? new CheckResult.Passed(
            "the key that signs is " + Json.number(report, "keyAgeSeconds") / 86_400 + " days old")
        : keysFailed(context, report);
  }

  private static CheckResult provider(DoctorContext context) {
    if (!isInstalled(context)) {
      return NOT_INSTALLED;
    }
    JsonObject report = requiredReport(context);
    String issuer = Json.text(report, "issuer");
    String error = Json.text(report, "providerError");
    return error.isEmpty()
        ? new CheckResult.Passed(issuer)
        : context.failed(
            KnownCause.GATE_PROVIDER,
            "provider " + (issuer.isEmpty() ? "of the gate" : issuer),
            error,
            "");
  }

  private static CheckResult clock(DoctorContext context) {
    if (!isInstalled(context)) {
      return NOT_INSTALLED;
    }
    long offset = Json.number(requiredReport(context), "clockOffsetSeconds");
    return Math.abs(offset) > MAX_OFFSET_SECONDS
        ? context.failed(
            KnownCause.GATE_CLOCK,
            "deployment " + name(context) + " in " + context.cluster().operatorNamespace(),
            "its node is "
                + Math.abs(offset)
                + " s "
                + (offset > 0 ? "behind" : "ahead of")
                + " the API server",
            name(context))
        : new CheckResult.Passed("agrees with the API server's");
  }

  private static URI portalAddress(DoctorContext context) {
    return OperatorSettings.portal(context.cluster())
        .map(URI::create)
        .filter(url -> url.getHost() != null)
        .orElseThrow(() -> new CliException.Failed("gate.publicUrl is not set"));
  }

  private static CheckResult portal(DoctorContext context) {
    if (!isInstalled(context)) {
      return NOT_INSTALLED;
    }
    URI address = portalAddress(context);
    List<String> hosts = routedHosts(context);
    String url = address.resolve("/.well-known/jwks.json").toString();
    try (RouterClient router = new RouterClient(context.router(), context.authority())) {
      int status = router.status(url);
      return switch (status) {
        case 200 -> new CheckResult.Passed(address.getHost());
        // Without a route of the chart, the answer of the address alone counts.
        case 404 ->
            context.failed(
                KnownCause.PORTAL_ROUTE,
                url,
                "it answers 404; "
                    + (hosts.isEmpty()
                        ? "the route " + name(context) + " does not exist"
                        : "the route " + name(context) + " has " + String.join(", ", hosts)),
                name(context));
        default -> new CheckResult.Skipped(url + " answers " + status);
      };
    } catch (IOException e) {
      return context.failed(KnownCause.ROUTER_UNREACHABLE, url, String.valueOf(e.getMessage()), "");
    }
  }

  /** The hosts of the route to the portal; empty if it does not exist. */
  private static List<String> routedHosts(DoctorContext context) {
    return ChildKind.ROUTE.resourceTypes().stream()
        .flatMap(type ->
            context
                .cluster()
                .get(type.path(context.cluster().operatorNamespace(), name(context)))
                .stream())
        .flatMap(route ->
            Stream.of(
                    Json.objects(route, "spec", "routes").stream()
                        .map(rule -> Json.text(rule, "match")),
                    Json.objects(route, "spec", "rules").stream()
                        .map(rule -> Json.text(rule, "host"))
                        .filter(host -> !host.isEmpty()),
                    Json.list(route, "spec", "hostnames").stream().map(JsonElement::getAsString))
                .flatMap(Function.identity()))
        .toList();
  }

  /** The first page of a sign-in sets a cookie: whether a browser would keep it. */
  private static CheckResult cookies(DoctorContext context) {
    if (!isInstalled(context)) {
      return NOT_INSTALLED;
    }
    URI address = portalAddress(context);
    if (!"https".equals(address.getScheme())) {
      return context.failed(
          KnownCause.GATE_COOKIES, "gate.publicUrl", "it is " + address, address.toString());
    }
    String url = address.resolve("/signin").toString();
    try (RouterClient router = new RouterClient(context.router(), context.authority())) {
      RouterClient.Redirect redirect = router.redirect(url);
      if (redirect.status() != 303) {
        return new CheckResult.Skipped(url + " answers " + redirect.status());
      }
      return redirect.cookies().stream().anyMatch(GateChecks::isKept)
          ? new CheckResult.Passed("a browser keeps them")
          : context.failed(
              KnownCause.GATE_COOKIES,
              url,
              redirect.cookies().isEmpty()
                  ? "its answer sets no cookie"
                  : "it sets " + redirect.cookies().getFirst().replaceFirst("=[^;]*;", "=…;"),
              address.toString());
    } catch (IOException e) {
      return new CheckResult.Skipped("no answer");
    }
  }

  /** The rules of browsers for the prefix {@code __Host-}. */
  private static boolean isKept(String cookie) {
    List<String> attributes =
        Stream.of(cookie.split(";", -1))
            .map(String::strip)
            .map(text -> text.toLowerCase(Locale.ROOT))
            .toList();
    return cookie.startsWith("__Host-")
        && attributes.contains("secure")
        && attributes.contains("path=/")
        && attributes.stream().noneMatch(attribute -> attribute.startsWith("domain="));
  }
}
