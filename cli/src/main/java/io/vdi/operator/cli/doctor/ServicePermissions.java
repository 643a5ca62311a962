package io.vdi.operator.cli.doctor;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vdi.operator.cli.cluster.ClusterAccess;
import io.vdi.operator.cli.cluster.Json;
import io.vdi.operator.cli.cluster.OperatorSettings;
import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.kube.RequiredPermission;
import io.vdi.operator.common.model.WatchedNamespaces;
import java.util.ArrayList;
import java.util.List;

/** Compares the permissions that RBAC grants to the services with the roles of the chart. */
final class ServicePermissions {
  private static final int MAX_NAMED = 3;

  private ServicePermissions() {}

  private record Permission(String service, RequiredPermission required) {
    @Override
    public String toString() {
      return service + " may not " + required.verb() + " " + required.resource();
    }
  }

  static CheckResult check(DoctorContext context) {
    WatchedNamespaces watched = OperatorSettings.watchedNamespaces(context.cluster());
    List<Permission> required = new ArrayList<>();
    for (String service : ServiceChecks.ACCOUNTS) {
      if (ServiceChecks.deployment(context, service).isPresent()) {
        required.addAll(of(service, watched, context));
      }
    }
    List<Boolean> granted = Parallel.map(required, each -> isGranted(context, each));
    List<Permission> missing = new ArrayList<>();
    for (int i = 0; i < required.size(); i++) {
      if (!granted.get(i)) {
        missing.add(required.get(i));
      }
    }
    if (missing.isEmpty()) {
      return new CheckResult.Passed(required.size() + " granted");
    }
    String role = context.cluster().chartName(missing.getFirst().service());
    List<String> named = missing.stream().limit(MAX_NAMED).map(Permission::toString).toList();
    return context.failed(
        KnownCause.RIGHTS_MISSING,
        "clusterrole or role " + role,
        String.join(", ", named)
            + (missing.size() > MAX_NAMED ? " and " + (missing.size() - MAX_NAMED) + " more" : ""),
        role);
  }

  /**
   * The rules for one service. A test compares them with the requests of the services, so they are
   * exactly what a service requires.
   */
  private static List<Permission> of(
      String service, WatchedNamespaces watched, DoctorContext context) {
    JsonObject rules = BundledChart.yaml("files/roles/" + service + ".yaml").getAsJsonObject();
    return RequiredPermission.ofService(rules, context.cluster().operatorNamespace(), watched)
        .stream()
        .map(required -> new Permission(service, required))
        .toList();
  }

  private static boolean isGranted(DoctorContext context, Permission permission) {
    String namespace = context.cluster().operatorNamespace();
    JsonArray groups = new JsonArray();
    groups.add("system:authenticated");
    groups.add("system:serviceaccounts");
    groups.add("system:serviceaccounts:" + namespace);
    JsonObject spec = new JsonObject();
    spec.add("resourceAttributes", permission.required().resourceAttributes());
    String account =
        ServiceChecks.deployment(context, permission.service())
            .map(found -> Json.text(found, "spec", "template", "spec", "serviceAccountName"))
            .filter(name -> !name.isEmpty())
            .orElseGet(() -> context.cluster().chartName(permission.service()));
    spec.addProperty("user", "system:serviceaccount:" + namespace + ":" + account);
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
}
