package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.HttpRoute.Refusal;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpRouteTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {type: Accepted, status: 'False', reason: NotAllowedByListeners, message: no, observedGeneration: 2}  | no
          {type: ResolvedRefs, status: 'False', reason: BackendNotFound, message: no, observedGeneration: 2}    | no
          {type: Accepted, status: 'False', reason: NoMatchingParent, message: ' ', observedGeneration: 2}      | NoMatchingParent
          {type: Accepted, status: 'False', reason: NoMatchingParent, observedGeneration: 3}                    | NoMatchingParent
          {type: Accepted, status: 'False', reason: Old, message: no, observedGeneration: 1}                    |
          {type: Accepted, status: 'False', reason: Pending, message: no}                                       |
          {type: Accepted, status: Unknown, reason: Pending, message: no, observedGeneration: 2}                |
          {type: Accepted, status: 'True', reason: Accepted, message: yes, observedGeneration: 2}               |
          {type: PartiallyInvalid, status: 'False', reason: X, message: no, observedGeneration: 2}              |
          """)
  void aRouterRefusesThePresentVersionOfTheRoute(String condition, String message) {
    assertThat(
            route("{parentRef: {name: public}, conditions: [" + condition + "]},")
                .refusal()
                .map(Refusal::message))
        .isEqualTo(Optional.ofNullable(message));
  }

  @Test
  void oneGatewayThatRefusesIsEnough() {
    assertThat(
            route(parent("first", "True") + parent("second", "False") + parent("third", "False"))
                .refusal())
        .contains(new Refusal("second", "InvalidKind", "no"));
  }

  private static String parent(String name, String resolved) {
    return "{parentRef: {name: %s}, conditions: [{type: Accepted, status: 'True', observedGeneration: 2}, {type: ResolvedRefs, status: '%s', reason: InvalidKind, message: no, observedGeneration: 2}]}, "
        .formatted(name, resolved);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "{status: null}", "{status: {}}", "{status: {parents: [{}]}}"})
  void aRouteThatNoRouterHasReportedOnIsNotRefused(String json) {
    assertThat(KubeGson.gson().fromJson(json, HttpRoute.class).refusal()).isEmpty();
  }

  @Test
  void aRefusalOfANamelessGatewayIsARefusal() {
    assertThat(
            route("{conditions: [{type: Accepted, status: 'False', observedGeneration: 2}]},")
                .refusal())
        .contains(new Refusal("", "", ""));
  }

  private static HttpRoute route(String parents) {
    return KubeGson.gson()
        .fromJson(
            "{metadata: {name: desk, generation: 2}, status: {parents: [" + parents + "{}]}}",
            HttpRoute.class);
  }
}
