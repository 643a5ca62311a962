package io.vdi.operator.cli.doctor;

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

/** The operator's services: pods, leaders, permissions, certificate, errors. */
final class ServiceChecks {
  static final List<String> SERVICES = List.of("controller", "admission-webhook", "reaper");

  /** Those whose permissions are compared with the chart; the gate has checks of its own. */
  static final List<String> ACCOUNTS = List.of("controller", "admission-webhook", "reaper", "gate");

  private static final Layer LAYER = Layer.CONTROL_PLANE;
  private static final List<String> WITH_LEADER = List.of("controller", "reaper");
  private static final int OBSERVE_PORT = 8081;

  /** The webhook renews its CA long before; later than this it has failed to. */
  private static final Duration RENEWAL_OVERDUE = Duration.ofDays(3);

  private ServiceChecks() {}

  static List<Check<DoctorContext>> checks() {
    Set<String> running = Set.of("definitions", "services");
    return List.of(
        new Check<>("services", LAYER, "Services", Set.of("definitions"), ServiceChecks::services),
        new Check<>("leaders", LAYER, "Leaders", running, ServiceChecks::leaders),
        new Check<>(
            "rights",
            LAYER,
            "Permissions of the services",
            Set.of("definitions"),
            ServicePermissions::check),
        new Check<>(
            "authority", LAYER, "Webhook CA certificate", running, ServiceChecks::certificate),
        new Check<>(
            "reconciling",
            LAYER,
            "Errors of the controller",
            Set.of("leaders", "rights"),
            ServiceChecks::errors));
  }

  private static CheckResult services(DoctorContext context) {
    List<String> ready = new ArrayList<>();
    for (String service : SERVICES) {
      Optional<JsonObject> deployment = deployment(context, service);
      if (deployment.isEmpty()) {
        if (service.equals("reaper")) {
          // The chart can be installed without it.
          continue;
        }
        return failed(context, service, KnownCause.NOT_INSTALLED, "the Deployment does not exist");
      }
      long replicas = Json.number(deployment.get(), "spec", "replicas");
      long readyReplicas = Json.number(deployment.get(), "status", "readyReplicas");
      if (replicas == 0) {
        return failed(context, service, KnownCause.SERVICE_STOPPED, "spec.replicas is 0");
      }
      if (readyReplicas == 0) {
        return failed(
            context,
            service,
            KnownCause.SERVICE_NOT_READY,
            "0 of " + replicas + " pods are ready" + waitingReason(context, service));
      }
      ready.add(service + " " + readyReplicas + "/" + replicas);
    }
    return new CheckResult.Passed(String.join(", ", ready));
  }

  private static CheckResult failed(
      DoctorContext context, String service, KnownCause cause, String observed) {
    String name = context.cluster().chartName(service);
    return context.failed(
        cause,
        "deployment " + name + " in " + context.cluster().operatorNamespace(),
        observed,
        name);
  }

  static Optional<JsonObject> deployment(DoctorContext context, String service) {
    return context
        .cluster()
        .get(
            "/apis/apps/v1/namespaces/"
                + context.cluster().operatorNamespace()
                + "/deployments/"
                + context.cluster().chartName(service));
  }

  static List<JsonObject> pods(DoctorContext context, String service) {
    return context
        .cluster()
        .ofComponent(ResourceType.POD.path(context.cluster().operatorNamespace()), service);
  }

  /** Why the first waiting container waits, such as {@code : ImagePullBackOff …}; else empty. */
  static String waitingReason(DoctorContext context, String service) {
    return pods(context, service).stream()
        .map(pod -> ClusterAccess.decode(Pod.class, pod))
        .flatMap(pod -> pod.status().containerStatuses().stream())
        .flatMap(status -> status.waiting().stream())
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

  /** The pod that holds a Lease. The identity is the pod's name, {@code _} and a random text. */
  private static String holder(JsonObject lease) {
    return Json.text(lease, "spec", "holderIdentity").replaceAll("_[^_]*$", "");
  }

  private static CheckResult leaders(DoctorContext context) {
    List<String> holders = new ArrayList<>();
    for (String service : WITH_LEADER) {
      if (deployment(context, service).isEmpty()) {
        continue;
      }
      String name = "vdi-" + service;
      JsonObject lease = lease(context, name);
      String holder = holder(lease);
      String object = "lease " + name + " in " + context.cluster().operatorNamespace();
      if (holder.isEmpty()) {
        return context.failed(KnownCause.NO_LEADER, object, "it has no holder", name);
      }
      Instant end =
          OffsetDateTime.parse(Json.text(lease, "spec", "renewTime"))
              .toInstant()
              .plusSeconds(Json.number(lease, "spec", "leaseDurationSeconds"));
      if (pods(context, service).stream().noneMatch(pod -> Json.name(pod).equals(holder))) {
        return context.failed(
            KnownCause.NO_LEADER, object, "its holder " + holder + " is not a pod", name);
      }
      if (end.isBefore(context.cluster().serverTime())) {
        return context.failed(
            KnownCause.NO_LEADER, object, "it expired at " + end + "; holder " + holder, name);
      }
      holders.add(holder);
    }
    return new CheckResult.Passed(String.join(", ", holders));
  }

  /** The API server trusts the webhook by {@code caBundle}. */
  private static CheckResult certificate(DoctorContext context) {
    String path =
        "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/vdi-operator";
    String object = "validatingwebhookconfiguration vdi-operator";
    List<JsonObject> webhooks =
        Json.objects(
            context
                .cluster()
                .get(path)
                .orElseThrow(() -> new CliException.Failed(object + " does not exist")),
            "webhooks");
    if (webhooks.isEmpty()) {
      return context.failed(
          KnownCause.WEBHOOK_NOT_REGISTERED, "vdi-operator", "it has no webhook", "");
    }
    try {
      Instant end = lastExpiry(Json.text(webhooks.getFirst(), "clientConfig", "caBundle"));
      return end.isAfter(context.cluster().serverTime().plus(RENEWAL_OVERDUE))
          ? new CheckResult.Passed("valid until " + end.toString().substring(0, 10))
          : context.failed(
              KnownCause.WEBHOOK_CERTIFICATE, object, "caBundle expires within 3 days", "");
    } catch (CertificateException | IllegalArgumentException e) {
      return context.failed(
          KnownCause.WEBHOOK_CERTIFICATE, object, "caBundle is not a certificate", "");
    }
  }

  /** The latest expiry of the certificates in a bundle. */
  private static Instant lastExpiry(String caBundle) throws CertificateException {
    Instant last = Instant.MIN;
    for (var each :
        CertificateFactory.getInstance("X.509")
            .generateCertificates(new ByteArrayInputStream(Base64.getDecoder().decode(caBundle)))) {
      Instant end = ((X509Certificate) each).getNotAfter().toInstant();
      last = end.isAfter(last) ? end : last;
    }
    return last;
  }

  /** The leader's metric of sessions whose reconciliation fails and is retried. */
  private static CheckResult errors(DoctorContext context) {
    ClusterAccess cluster = context.cluster();
    String holder = holder(lease(context, "vdi-controller"));
    Optional<ForwardedPort.Page> page;
    try (ForwardedPort leader =
        ForwardedPort.to(cluster, cluster.operatorNamespace(), holder, OBSERVE_PORT)) {
      page = leader.get("/observe/metrics", Optional.empty());
    }
    if (page.isEmpty()) {
      return new CheckResult.Skipped("pod " + holder + " does not return its metrics");
    }
    String metrics = page.get().body();
    long retrying = (long) sum(metrics, "vdi_workqueue_retrying");
    return retrying > 0
        ? context.failed(
            KnownCause.RECONCILE_ERRORS,
            "pod " + holder + " in " + cluster.operatorNamespace(),
            retrying + " sessions fail and are retried; errors: " + reasons(metrics),
            holder)
        : new CheckResult.Passed(
            "none now, " + (long) sum(metrics, "vdi_reconcile_errors_total") + " since its start");
  }

  /** The sum of a metric over all its labels, from the Prometheus text format. */
  static double sum(String metrics, String name) {
    return metrics
        .lines()
        .filter(line -> line.startsWith(name + "{") || line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  /** The number of errors by reason, such as {@code 3.0 Forbidden}. */
  static String reasons(String metrics) {
    return String.join(
        ", ",
        metrics
            .lines()
            .filter(line -> line.startsWith("vdi_reconcile_errors_total{"))
            .map(line -> line.replaceAll(".*reason=\"([^\"]*)\".*} ?([0-9.]*).*", "$2 $1"))
            .toList());
  }
}
