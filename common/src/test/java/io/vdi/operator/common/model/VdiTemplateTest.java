package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonParseException;
import io.vdi.operator.common.kube.KubeGson;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Templates that are older than the schema, or that the webhook reads before the schema. */
class VdiTemplateTest {
  /** The API server removes the nulls of fields; those of JSON that is copied are errors. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{image: null, port: null, flavor: null, env: null, nodeSelector: null, schedule: null}",
        "{resources: {requests: null}, custom: {port: null, scheme: null}, busy: {}, gpu: {selectors:"
            + " null, deviceConfig: null}, persistence: {size: null}, podTemplate: {metadata: {labels:"
            + " null}}}"
      })
  void nullIsTheSameAsAbsent(String spec) {
    assertThat(spec(spec)).isEqualTo(VdiTemplate.Spec.EMPTY);
  }

  /** Such as those of a later version: the defaults apply. */
  @Test
  void unknownNamesOfEnumsAreAbsent() {
    VdiTemplate.Spec spec =
        spec(
            "{flavor: wayland, idleAction: Hibernate, idleOn: Silence, transport: quic, custom:"
                + " {scheme: h3}, persistence: {reclaimPolicy: Recycle}}");
    assertThat(spec).isEqualTo(VdiTemplate.Spec.EMPTY);
    Defaults.EffectiveSpec effective = Defaults.effectiveSpec(VdiSession.Spec.EMPTY, spec);
    assertThat(effective.idleAction()).isEqualTo(IdleAction.SUSPEND);
    assertThat(effective.reclaimPolicy()).isEqualTo(ReclaimPolicy.DELETE);
  }

  /** The admission webhook expects this exception and leaves the refusal to the schema. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "[]",
        "{image: {}}",
        "{image: [x]}",
        "{flavor: {}}",
        "{idleAction: [Delete]}",
        "{resources: []}",
        "{resources: {maxGPU: many}}",
        "{resources: {maxGPU: 1.5}}",
        "{resources: {maxGPU: 2147483648}}",
        "{resources: {maxGPU: 1e400}}",
        "{port: true}",
        "{env: {}}",
        "{env: [x]}",
        "{env: [{name: A, valueFrom: x}]}",
        "{nodeSelector: [a]}",
        "{nodeSelector: {a: {}}}",
        "{tolerations: {}}",
        "{tolerations: null}",
        "{securityContext: []}",
        "{podTemplate: {spec: []}}",
        "{gpu: {selectors: x}}",
        "{gpu: {deviceConfig: {parameters: [1]}}}",
        "{network: {egress: {}}}",
        "{schedule: [{days: Mon}]}",
        "{allowedUsers: [{}]}"
      })
  void aValueOfAWrongTypeIsAJsonError(String spec) {
    assertThatThrownBy(() -> spec(spec)).as(spec).isInstanceOf(JsonParseException.class);
  }

  @Test
  void scalarsAreReadAsText() {
    VdiTemplate.Spec spec =
        spec(
            "{resources: {defaultMemory: 4294967296, defaultCPU: 0.5}, env: [{name: PORT, value:"
                + " 8080}, {name: DEBUG, value: true}, {name: NONE, value: null}, {}]}");
    assertThat(spec.resources().defaultMemory()).isEqualTo("4294967296");
    assertThat(spec.resources().defaultCPU()).isEqualTo("0.5");
    assertThat(spec.env())
        .extracting(variable -> variable.name() + "=" + variable.value())
        .containsExactly("PORT=8080", "DEBUG=true", "NONE=", "=");
  }

  /** Zero is a value: a template without GPUs, and a load that always counts. */
  @Test
  void zeroIsNotAbsent() {
    VdiTemplate.Spec spec = spec("{resources: {defaultGPU: 0, maxGPU: 0}, busy: {gpuAbove: 0}}");
    assertThat(Defaults.gpu(VdiSession.Spec.EMPTY, spec)).isZero();
    assertThat(Optional.ofNullable(spec.resources().maxGPU())).contains(0);
    assertThat(spec.busy().isEmpty()).isFalse();
    assertThat(spec("{busy: {}}").busy().isEmpty()).isTrue();
  }

  private static VdiTemplate.Spec spec(String json) {
    return KubeGson.gson().fromJson(json, VdiTemplate.Spec.class);
  }
}
