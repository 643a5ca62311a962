package io.vdi.operator.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.vdi.operator.cli.FakeCluster;
import io.vdi.operator.cli.cluster.Json;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ControlPlaneChecksTest {
  private static final String GROUP = "/apis/vdi.kasm.io/v1alpha1";

  private final CheckRunner runner = new CheckRunner();

  @AfterEach
  void close() {
    runner.close();
  }

  private String check(String name) {
    return runner.run(ControlPlaneChecks.checks(), name);
  }

  @Test
  void theApiServerAnswers() {
    runner.fake.put("/version", "gitVersion: v1.36.3");
    assertThat(check("api")).isEqualTo("ok: Kubernetes v1.36.3");
  }

  @Test
  void theApiServerRejectsTheUser() {
    runner.fake.reject("GET /version", 401, "Unauthorized");
    assertThat(check("api")).isEqualTo("VDI101 the API server: 401 Unauthorized");
  }

  @Test
  void theApiServerIsUnreachable() {
    runner.fake.close();
    assertThat(check("api")).startsWith("VDI101 the API server: GET /version: ");
  }

  @Test
  void clocksMayDifferBy30Seconds() {
    runner.localTime(runner.fake.time().plusSeconds(30));
    assertThat(check("clocks")).isEqualTo("ok: at most 31 s apart");
    runner.localTime(runner.fake.time().plusSeconds(31));
    assertThat(check("clocks"))
        .isEqualTo("VDI333 this machine: its clock is 31 s ahead of the API server");
    runner.localTime(runner.fake.time().minusSeconds(3600));
    assertThat(check("clocks"))
        .isEqualTo("VDI333 this machine: its clock is 3600 s behind the API server");
  }

  @Test
  void withoutCrdsTheOperatorIsNotInstalled() {
    assertThat(check("definitions")).isEqualTo("VDI102 CRDs: vdi.kasm.io/v1alpha1 is not served");
  }

  /** Serves the schemas of the chart, as the API server's OpenAPI document has them. */
  private JsonObject serveChart() {
    JsonObject schemas = new JsonObject();
    for (String plural : new String[] {"vdisessions", "vditemplates", "vdiusages"}) {
      JsonElement crd = BundledChart.yaml("templates/crds/" + plural + ".yaml");
      JsonElement version = Json.objects(crd, "spec", "versions").getFirst();
      schemas.add(
          "io.kasm.vdi.v1alpha1." + Json.text(crd, "spec", "names", "kind"),
          Json.at(version, "schema", "openAPIV3Schema").orElseThrow());
    }
    JsonObject components = new JsonObject();
    components.add("schemas", schemas);
    JsonObject document = new JsonObject();
    document.add("components", components);
    runner.fake.put(GROUP, "resources: []");
    runner.fake.handle("GET /openapi/v3" + GROUP, body -> FakeCluster.json(200, document));
    return schemas;
  }

  @Test
  void theCrdsOfTheChartAreComplete() {
    serveChart();
    assertThat(check("definitions")).matches("ok: vdi.kasm.io/v1alpha1, [1-9]\\d+ fields");
  }

  @Test
  void missingFieldsAreNamed() {
    JsonObject session = serveChart().getAsJsonObject("io.kasm.vdi.v1alpha1.VDISession");
    JsonObject spec =
        Json.at(session, "properties", "spec", "properties").orElseThrow().getAsJsonObject();
    spec.remove("idleTimeout");
    Json.at(spec, "resources", "properties").orElseThrow().getAsJsonObject().remove("gpu");
    assertThat(check("definitions"))
        .isEqualTo(
            "VDI103 CRDs: missing: vdisessions: spec.resources.gpu, vdisessions: spec.idleTimeout");
  }

  @Test
  void aMissingCrdIsNamed() {
    serveChart().remove("io.kasm.vdi.v1alpha1.VDIUsage");
    assertThat(check("definitions")).isEqualTo("VDI103 CRDs: missing: vdiusages.vdi.kasm.io");
  }

  @Test
  void withoutOpenApiTheFieldsAreUnknown() {
    runner.fake.put(GROUP, "resources: []");
    assertThat(check("definitions")).isEqualTo("skipped: the API server serves no OpenAPI v3");
  }
}
