package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.KubeGson;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;

class GpuRequestTest {
  @Test
  @DisplayName("a template requests an extended resource unless it names a DeviceClass")
  void request() {
    assertThat(new VdiTemplate.Gpu(null, null, null, null).request())
        .isEqualTo(new GpuRequest.ExtendedResource("nvidia.com/gpu"));
    assertThat(gpu("{resourceName: amd.com/gpu}").request())
        .isEqualTo(new GpuRequest.ExtendedResource("amd.com/gpu"));
    assertThat(gpu("{deviceClassName: a}").request())
        .isEqualTo(new GpuRequest.DeviceClass("a", List.of(), Optional.empty()));
    JsonObject parameters = new JsonObject();
    parameters.addProperty("sharing", "mps");
    assertThat(
            gpu("{deviceClassName: a, selectors: [x], deviceConfig: {driver: d, parameters: {sharing: mps}}}")
                .request())
        .isEqualTo(
            new GpuRequest.DeviceClass(
                "a", List.of("x"), Optional.of(new GpuRequest.DriverConfig("d", parameters))));
  }

  @Test
  @DisplayName("fields that contradict each other are reported")
  void problems() {
    assertThat(gpu("{deviceClassName: a, selectors: [x]}").problems()).isEmpty();
    assertThat(gpu("{resourceName: a/b, deviceClassName: a}").problems())
        .containsExactly(
            "gpu.resourceName \"a/b\": cannot be used together with deviceClassName: leave one of"
                + " them out");
    assertThat(gpu("{selectors: [x]}").problems())
        .containsExactly(
            "gpu.selectors and gpu.deviceConfig: needs deviceClassName: set it, or leave this field"
                + " out");
  }

  private static VdiTemplate.Gpu gpu(String fields) {
    return KubeGson.gson()
        .fromJson(KubeGson.gson().toJsonTree(new Yaml().load(fields)), VdiTemplate.Gpu.class);
  }
}
