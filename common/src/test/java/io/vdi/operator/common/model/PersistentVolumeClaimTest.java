package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.KubeGson;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PersistentVolumeClaimTest {
  @ParameterizedTest
  @CsvSource({"Bound, true", "Pending, false", "Lost, false", "'', false"})
  void onlyAClaimInPhaseBoundHasItsVolume(String phase, boolean bound) {
    assertThat(claim("status: {phase: '" + phase + "'}").isBound()).isEqualTo(bound);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "spec: null, status: null",
        "spec: {resources: null}, status: {capacity: null}",
        "spec: {resources: {requests: {}}}, status: {capacity: {other: '1'}}"
      })
  void aClaimWithoutSizesHasEmptyOnes(String fields) {
    PersistentVolumeClaim claim = claim(fields);
    assertThat(List.of(claim.requestedSize(), claim.capacity(), claim.spec().volumeName()))
        .containsOnly("");
    assertThat(claim.isBound()).isFalse();
  }

  /** A volume without node affinity can be used by every node. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {}                                                                                  | -1
          {spec: null}                                                                        | -1
          {spec: {nodeAffinity: null}}                                                        | -1
          {spec: {nodeAffinity: {}}}                                                          | -1
          {spec: {nodeAffinity: {required: {nodeSelectorTerms: [{matchFields: [{key: a}]}]}}}} | 1
          """)
  void theNodesOfItsVolumeAreThoseOfTheRequiredAffinity(String json, int terms) {
    assertThat(
            KubeGson.gson()
                .fromJson(json, PersistentVolume.class)
                .nodes()
                .map(nodes -> nodes.nodeSelectorTerms().size())
                .orElse(-1))
        .isEqualTo(terms);
  }

  private static PersistentVolumeClaim claim(String fields) {
    return KubeGson.gson().fromJson("{" + fields + "}", PersistentVolumeClaim.class);
  }
}
