package io.vdi.operator.cli.doctor;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.cli.cluster.ClusterAccess;
import io.vdi.operator.cli.cluster.Json;
import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.diagnosis.Layer;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceType;
import java.io.ByteArrayInputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The operator's services. */
final class ServiceChecks {
  private static final Layer LAYER = Layer.CONTROL_PLANE;
  private static final List<String> ALL = List.of("controller", "admission-webhook", "reaper");
  private static final List<String> LED = List.of("controller", "reaper");

  /** Its authority renews itself long before. */
  private static final Duration NEAR_THE_END = Duration.ofDays(3);

  private ServiceChecks() {}

  static List<Check<DoctorContext>> checks() {
    Set<String> running = Set.of("definitions", "services");
    return List.of(
        new Check<>("services", LAYER, "Services", Set.of("definitions"), ServiceChecks::run),
        new Check<>("leaders", LAYER, "Leaders", running, ServiceChecks::leaders),
        new Check<>(
            "rights",
            LAYER,
            "Rights of the services",
            Set.of("definitions"),
            ServiceChecks::permissions),
        new Check<>(
            "authority", LAYER, "Webhook's certificate", running, ServiceChecks::certificate),
        new Check<>(
            "reconciling",
            LAYER,
            "Controller's errors",
            Set.of("leaders", "rights"),
            ServiceChecks::errors));
  }

  private static CheckResult run(DoctorContext context) {
    List<String> ready = new ArrayList<>();
    for (String service : ALL) {
      Optional<JsonObject> deployment = deployment(context, service);
      if (deployment.isEmpty()) {
        if (service.equals("reaper")) {
          continue;
        }
        return context.failed(
            KnownCause.NOT_INSTALLED,
            object(context, service),
            "there is no such Deployment",
            "vdi-" + service);
      }
      long wanted = Json.number(deployment.get(), "spec", "replicas");
      long there = Json.number(deployment.get(), "status", "readyReplicas");
      if (wanted == 0) {
        return context.failed(
            KnownCause.SERVICE_STOPPED,
            object(context, service),
            "spec.replicas is 0",
            "vdi-" + service);
      }
      if (there == 0) {
        return context.failed(
            KnownCause.SERVICE_NOT_READY,
            object(context, service),
            "0 of " + wanted + " pods are ready" + waitingReason(context, service),
            "vdi-" + service);
      }
      ready.add(service + " " + there + "/" + wanted);
    }
    return new CheckResult.Passed(String.join(", ", ready));
  }

  private static String object(DoctorContext context, String service) {
    return "deployment vdi-" + service + " in " + context.cluster().operatorNamespace();
  }

  private static Optional<JsonObject> deployment(DoctorContext context, String service) {
    return context
        .cluster()
        .get(
            "/apis/apps/v1/namespaces/"
                + context.cluster().operatorNamespace()
                + "/deployments/vdi-"
                + service);
  }

  static List<JsonObject> pods(DoctorContext context, String service) {
    return context
        .cluster()
        .list(
            ResourceType.POD.path(context.cluster().operatorNamespace())
                + "?labelSelector=app.kubernetes.io/name=vdi-operator,app.kubernetes.io/component="
                + service);
  }

  /** What one of its pods says of itself. */
  private static String waitingReason(DoctorContext context, String service) {
    return pods(context, service).stream()
        .map(pod -> ClusterAccess.decode(Pod.class, pod))
        .flatMap(pod -> pod.status().containerStatuses().stream())
        .flatMap(status -> Optional.ofNullable(status.state().waiting()).stream())
        .findFirst()
        .map(waiting -> ": " + waiting.reason() + " " + waiting.message())
        .orElse("");
  }

  private static JsonObject lease(DoctorContext context, String name) {
    return context
        .cluster()
        .get(ResourceType.LEASE.path(context.cluster().operatorNamespace(), name))
        .orElse(new JsonObject());
  }

  /** The pod that holds it; its identity is the pod's name and something random. */
  private static String holder(JsonObject lease) {
    return Json.text(lease, "spec", "holderIdentity").replaceAll("_[^_]*$", "");
  }

  private static CheckResult leaders(DoctorContext context) {
    List<String> holders = new ArrayList<>();
    for (String service : LED) {
      if (deployment(context, service).isEmpty()) {
        continue;
      }
      String name = "vdi-" + service;
      JsonObject lease = lease(context, name);
      String holder = holder(lease);
      String object = "lease " + name + " in " + context.cluster().operatorNamespace();
      if (holder.isEmpty()) {
        return context.failed(KnownCause.NO_LEADER, object, "nobody holds it", name);
      }
      Instant end =
          OffsetDateTime.parse(Json.text(lease, "spec", "renewTime"))
              .toInstant()
              .plusSeconds(Json.number(lease, "spec", "leaseDurationSeconds"));
      if (pods(context, service).stream().noneMatch(pod -> Json.name(pod).equals(holder))) {
        return context.failed(
            KnownCause.NO_LEADER, object, holder + " holds it, which is no pod", name);
      }
      if (end.isBefore(context.cluster().serverTime())) {
        return context.failed(
            KnownCause.NO_LEADER, object, holder + " did not renew it since " + end, name);
      }
      holders.add(holder);
    }
    return new CheckResult.Passed(String.join(", ", holders));
  }

  /** One that a service needs. */
  private record Right(String service, JsonObject attributes) {
    @Override
    public String toString() {
      return service
          + " may not "
          + Json.text(attributes, "verb")
          + " "
          + Json.text(attributes, "resource")
          + (Json.text(attributes, "subresource").isEmpty()
              ? ""
              : "/" + Json.text(attributes, "subresource"));
    }
  }

  private static CheckResult permissions(DoctorContext context) {
    List<Right> needed = new ArrayList<>();
    for (String service : ALL) {
      if (deployment(context, service).isPresent()) {
        needed.addAll(needed(service, "clusterrole", ""));
        needed.addAll(needed(service, "role", context.cluster().operatorNamespace()));
      }
    }
    List<String> lacking =
        Parallel.map(needed, right -> isAllowed(context, right) ? "" : right.toString()).stream()
            .filter(right -> !right.isEmpty())
            .toList();
    if (lacking.isEmpty()) {
      return new CheckResult.Passed(needed.size() + " granted");
    }
    String role = "vdi-" + lacking.getFirst().split(" ", 2)[0];
    return context.failed(
        KnownCause.RIGHTS_MISSING,
        "clusterrole or role " + role,
        String.join(", ", lacking.subList(0, Math.min(3, lacking.size())))
            + (lacking.size() > 3 ? " and " + (lacking.size() - 3) + " more" : ""),
        role);
  }

  /** What the chart's role grants: no more and no less than the service uses, as a test proves. */
  private static List<Right> needed(String service, String kind, String namespace) {
    List<Right> rights = new ArrayList<>();
    for (JsonObject rule :
        Json.objects(BundledChart.yaml("templates/" + service + "-" + kind + ".yaml"), "rules")) {
      List<JsonElement> names = Json.list(rule, "resourceNames");
      for (JsonElement group : Json.list(rule, "apiGroups")) {
        for (JsonElement resource : Json.list(rule, "resources")) {
          for (JsonElement verb : Json.list(rule, "verbs")) {
            String[] parts = resource.getAsString().split("/", 2);
            JsonObject attributes = new JsonObject();
            attributes.add("verb", verb);
            attributes.add("group", group);
            attributes.addProperty("resource", parts[0]);
            attributes.addProperty("subresource", parts.length > 1 ? parts[1] : "");
            attributes.addProperty("name", names.isEmpty() ? "" : names.getFirst().getAsString());
            attributes.addProperty("namespace", namespace);
            rights.add(new Right(service, attributes));
          }
        }
      }
    }
    return rights;
  }

  private static boolean isAllowed(DoctorContext context, Right right) {
    String namespace = context.cluster().operatorNamespace();
    JsonArray groups = new JsonArray();
    groups.add("system:authenticated");
    groups.add("system:serviceaccounts");
    groups.add("system:serviceaccounts:" + namespace);
    JsonObject spec = new JsonObject();
    spec.add("resourceAttributes", right.attributes());
    spec.addProperty("user", "system:serviceaccount:" + namespace + ":vdi-" + right.service());
    spec.add("groups", groups);
    JsonObject review = new JsonObject();
    review.addProperty("apiVersion", "authorization.k8s.io/v1");
    review.addProperty("kind", "SubjectAccessReview");
    review.add("spec", spec);
    String path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
    JsonObject answer =
        ClusterAccess.valueOf(context.cluster().api().request("POST", path, review), path);
    return Json.text(answer, "status", "allowed").equals("true");
  }

  /** What the API server checks the webhook by. */
  private static CheckResult certificate(DoctorContext context) {
    String path =
        "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/vdi-operator";
    JsonObject configuration =
        context
            .cluster()
            .get(path)
            .orElseThrow(() -> new CliException(404, "there is no configuration"));
    Instant now = context.cluster().serverTime();
    for (JsonObject webhook : Json.objects(configuration, "webhooks")) {
      String bundle = Json.text(webhook, "clientConfig", "caBundle");
      String object = "validatingwebhookconfiguration vdi-operator";
      try {
        for (var each :
            CertificateFactory.getInstance("X.509")
                .generateCertificates(
                    new ByteArrayInputStream(Base64.getDecoder().decode(bundle)))) {
          Instant end = ((X509Certificate) each).getNotAfter().toInstant();
          if (end.isAfter(now.plus(NEAR_THE_END))) {
            return new CheckResult.Passed(
                "its authority is good until " + end.toString().substring(0, 10));
          }
        }
      } catch (CertificateException | IllegalArgumentException e) {
        return context.failed(
            KnownCause.WEBHOOK_CERTIFICATE, object, "caBundle is no certificate", "");
      }
      return context.failed(
          KnownCause.WEBHOOK_CERTIFICATE, object, "caBundle ends within 3 days", "");
    }
    return context.failed(
        KnownCause.WEBHOOK_NOT_REGISTERED, "vdi-operator", "it names no webhook", "");
  }

  /** The leader's own metric of sessions with which it is not getting on. */
  private static CheckResult errors(DoctorContext context) {
    ClusterAccess cluster = context.cluster();
    String holder = holder(lease(context, "vdi-controller"));
    String metrics;
    try (ForwardedPort leader =
        ForwardedPort.to(cluster, cluster.operatorNamespace(), holder, 8081)) {
      metrics = leader.get("/observe/metrics", Optional.empty()).body();
    }
    double retrying = sum(metrics, "vdi_workqueue_retrying");
    return retrying > 0
        ? context.failed(
            KnownCause.RECONCILE_ERRORS,
            "pod " + holder + " in " + cluster.operatorNamespace(),
            (long) retrying + " sessions are tried again and again; " + reasons(metrics),
            holder)
        : new CheckResult.Passed(
            "none now, " + (long) sum(metrics, "vdi_reconcile_errors_total") + " since its start");
  }

  private static double sum(String metrics, String name) {
    return metrics
        .lines()
        .filter(line -> line.startsWith(name + "{") || line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  private static String reasons(String metrics) {
    return "errors: "
        + String.join(
            ", ",
            metrics
                .lines()
                .filter(line -> line.startsWith("vdi_reconcile_errors_total{"))
                .map(line -> line.replaceAll(".*reason=\"([^\"]*)\".*} ?([0-9.]*).*", "$2 $1"))
                .toList());
  }
}
