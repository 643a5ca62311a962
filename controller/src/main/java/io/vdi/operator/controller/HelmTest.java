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
 * What {@code helm test} runs: whether the API server serves the CRDs and asks the admission
 * webhook, and whether leaders of controller and reaper renew their Leases. Changes nothing.
 */
public final class HelmTest {
  private static final String TEMPLATES = "/apis/vdi.kasm.io/v1alpha1/vditemplates?dryRun=All";

  /** Longer than any leader lets its Lease be; a Lease that old has no holder. */
  private static final Duration RENEWED = Duration.ofMinutes(1);

  private final KubeClient api;
  private final List<String> faults = new ArrayList<>();

  private HelmTest(KubeClient api) {
    this.api = api;
  }

  /**
   * Prints what it looked at; ends with 1 where something is wrong.
   *
   * @param args the operator's namespace, an image that templates may use, the names of the Leases
   */
  public static void main(String[] args) {
    try {
      HelmTest test = new HelmTest(KubeClientFactory.fromEnvironment());
      test.look(args[0], args[1], List.of(args).subList(2, args.length));
      System.exit(test.faults.isEmpty() ? 0 : 1);
    } catch (KubeClientFactory.ClusterUnavailableException e) {
      System.err.println(e.getMessage());
      System.exit(2);
    }
  }

  private void look(String namespace, String image, List<String> leases) {
    ApiResult<JsonObject> good = makeTemplate(image, "TZ");
    report("the API server takes a VDITemplate", good.failure().map(Object::toString).orElse(""));
    ApiResult<JsonObject> bad = makeTemplate(image, "DISPLAY");
    report(
        "the admission webhook refuses one that sets DISPLAY",
        bad.ok().isPresent() ? "it was taken: the API server does not ask the webhook" : "");
    for (String lease : leases) {
      report("somebody leads as " + lease, stale(namespace, lease));
    }
  }

  private ApiResult<JsonObject> makeTemplate(String image, String variable) {
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

  private String stale(String namespace, String lease) {
    return api.request(
            "GET",
            "/apis/coordination.k8s.io/v1/namespaces/" + namespace + "/leases/" + lease,
            null)
        .ok()
        .map(found -> found.getAsJsonObject("spec").get("renewTime").getAsString())
        .map(Instant::parse)
        .map(at ->
            at.isBefore(Instant.now().minus(RENEWED)) ? "the Lease was last renewed at " + at : "")
        .orElse("there is no such Lease, or it may not be read");
  }

  private void report(String what, String fault) {
    System.out.println(fault.isEmpty() ? "ok: " + what : "FAILED: " + what + ": " + fault);
    if (!fault.isEmpty()) {
      faults.add(what);
    }
  }
}
