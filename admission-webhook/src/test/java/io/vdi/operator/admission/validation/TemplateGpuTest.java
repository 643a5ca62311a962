package io.vdi.operator.admission.validation;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.devcluster.cluster.Manifests;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How a template requests GPUs; docs/specification.md, section 1. */
class TemplateGpuTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {resourceName: amd.com/gpu}                                | ok
          {deviceClassName: gpu.example.com}                         | ok
          {deviceClassName: a, selectors: [x], deviceConfig: {driver: d, parameters: {}}} | ok
          {resourceName: amd.com/gpu, deviceClassName: a}            | spec.gpu.resourceName "amd.com/gpu": cannot be used together with deviceClassName: leave one of them out
          {deviceClassName: A}                                       | spec.gpu.deviceClassName "A": must be the name of a DeviceClass, such as gpu.nvidia.com
          {selectors: [x]}                                           | spec.gpu.selectors […]: needs deviceClassName: set it, or leave this field out
          {deviceConfig: {driver: d, parameters: {}}}                | spec.gpu.deviceConfig {…}: needs deviceClassName: set it, or leave this field out
          {deviceClassName: a, selectors: [1]}                       | spec.gpu.selectors[0] 1: must be a string of at most 10240 characters
          {deviceClassName: a, deviceConfig: {parameters: {}}}       | spec.gpu.deviceConfig.driver: is missing: give the name of the driver that reads the parameters
          {deviceClassName: a, deviceConfig: {driver: d}}            | spec.gpu.deviceConfig.parameters: is missing: give the object that the driver reads
          """)
  void gpu(String gpu, String message) {
    List<String> violations =
        TemplateRules.violations(
            Manifests.parse("{metadata: {name: t}, spec: {image: x, gpu: " + gpu + "}}").getFirst(),
            Optional.empty(),
            List.of());
    if (message.equals("ok")) {
      assertThat(violations).isEmpty();
    } else {
      assertThat(violations).containsExactly(message);
    }
  }
}
