package io.vdi.operator.controller;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.KubeClientFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * The check that {@code helm test} runs: the API server serves the CRDs and calls the admission
 * webhook, the leaders of controller and reaper renew their Leases, and the gate, if it is
 * installed, has a ready replica. It changes nothing.
 */
public final class HelmTest {
  private static final String TEMPLATES = "/apis/vdi.kasm.io/v1alpha1/vditemplates?dryRun=All";

  private static final String DEPLOYMENT = "deployment/";

  /** Longer than any renewal interval: an older Lease has no leader. */
  private static final Duration MAX_AGE = Duration.ofMinutes(1);

  private final KubeClient api;
  private final List<String> failures = new ArrayList<>();

  private HelmTest(KubeClient api) {
    this.api = api;
  }

  /**
   * Prints each check with its result; exits with 1 if one failed.
   *
   * @param args the namespace of the operator, an image that templates can use, the names of the
   *     Leases and {@code deployment/<name>} for services without a leader
   */
  public static void main(String[] args) {
    try {
      HelmTest test = new HelmTest(KubeClientFactory.fromEnvironment());
      test.run(args[0], args[1], List.of(args).subList(2, args.length));
      System.exit(test.failures.isEmpty() ? 0 : 1);
    } catch (KubeClientFactory.ClusterUnavailableException e) {
      System.err.println(e.getMessage());
      System.exit(2);
    }
  }

  private void run(String namespace, String image, List<String> services) {
    ApiResult<JsonObject> valid = createTemplate(image, "TZ");
    report(
        "the API server accepts a VDITemplate", valid.failure().map(Object::toString).orElse(""));
    ApiResult<JsonObject> invalid = createTemplate(image, "DISPLAY");
    report(
        "the admission webhook refuses one that sets DISPLAY",
        invalid.ok().isPresent()
            ? "it was accepted: the API server does not call the webhook"
            : "");
    for (String service : services) {
      if (service.startsWith(DEPLOYMENT)) {
        String deployment = service.substring(DEPLOYMENT.length());
        report(
            "Deployment " + deployment + " has a ready replica",
            deploymentError(namespace, deployment));
      } else {
        report("Lease " + service + " has a leader", leaseError(namespace, service));
      }
    }
  }

  private ApiResult<JsonObject> createTemplate(String image, String variable) {
    return api.request(
        "POST",
        TEMPLATES,
        JsonParser.parseString(
                """
                {"apiVersion": "vdi.kasm.io/v1alpha1", "kind": "VDITemplate",
                 "metadata": {"name": "helm-test"},
                 "spec": {"image": "%s", "env": [{"name": "%s", "value": "x"}]}}
                """
                    .formatted(image, variable))
            .getAsJsonObject());
  }

  private String leaseError(String namespace, String lease) {
    return api.request(
            "GET",
            "/apis/coordination.k8s.io/v1/namespaces/" + namespace + "/leases/" + lease,
            null)
        .ok()
        .map(found -> found.getAsJsonObject("spec").get("renewTime").getAsString())
        .map(Instant::parse)
        .map(at ->
            at.isBefore(Instant.now().minus(MAX_AGE)) ? "the Lease was last renewed at " + at : "")
        .orElse("the Lease does not exist or cannot be read");
  }

  private String deploymentError(String namespace, String name) {
    return api.request(
            "GET", "/apis/apps/v1/namespaces/" + namespace + "/deployments/" + name, null)
        .ok()
        .map(found -> found.getAsJsonObject("status"))
        .map(status -> status.has("readyReplicas") ? "" : "no replica is ready")
        .orElse("the Deployment does not exist or cannot be read");
  }

  private void report(String check, String failure) {
    System.out.println(failure.isEmpty() ? "ok: " + check : "FAILED: " + check + ": " + failure);
    if (!failure.isEmpty()) {
      failures.add(check);
    }
  }
}
