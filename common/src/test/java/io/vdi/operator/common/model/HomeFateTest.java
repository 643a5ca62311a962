package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.KubeGson;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HomeFateTest {
  @ParameterizedTest
  @CsvSource({
    "Delete, Retain, DELETE",
    "Retain, Delete, RELEASE",
    "'', Retain, RELEASE",
    "'', Delete, DELETE",
    "'', '', DELETE",
    "Delete, missing, DELETE",
    "Retain, missing, RELEASE",
    "'', missing, UNCHANGED"
  })
  void theReclaimPolicyOfTheSessionThenOfItsTemplateDecides(
      String own, String template, HomeFate expected) {
    assertThat(HomeFate.of(session(own, ""), template(template))).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({"Delete, Delete", "'', missing", "Retain, Delete"})
  void aSessionThatTheReaperEndsReleasesItsHome(String own, String template) {
    assertThat(HomeFate.of(session(own, "timeout"), template(template)))
        .isEqualTo(HomeFate.RELEASE);
  }

  private static VdiSession session(String policy, String endedBy) {
    return KubeGson.gson()
        .fromJson(
            "{metadata: {name: desk, annotations: {"
                + (endedBy.isEmpty() ? "" : "'vdi.kasm.io/ended-by': " + endedBy)
                + "}}, spec: {persistence: {"
                + (policy.isEmpty() ? "" : "reclaimPolicy: " + policy)
                + "}}}",
            VdiSession.class);
  }

  private static Optional<VdiTemplate> template(String policy) {
    return policy.equals("missing")
        ? Optional.empty()
        : Optional.of(
            KubeGson.gson()
                .fromJson(
                    "{spec: {persistence: {"
                        + (policy.isEmpty() ? "" : "reclaimPolicy: " + policy)
                        + "}}}",
                    VdiTemplate.class));
  }
}
