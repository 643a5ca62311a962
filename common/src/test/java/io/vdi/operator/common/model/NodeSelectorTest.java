package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.NodeSelector.Term;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NodeSelectorTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {key: zone, operator: In, values: [a]}       | zone in (a)
          {key: zone, operator: In, values: [a, b]}    | zone in (a,b)
          {key: zone, operator: In, values: ['']}      | zone in ()
          {key: zone, operator: NotIn, values: [a, b]} | zone notin (a,b)
          {key: zone, operator: Exists}                | zone
          {key: zone, operator: DoesNotExist}          | !zone
          {key: gpus, operator: Gt, values: ['3']}     | ''
          {key: gpus, operator: Lt, values: ['3']}     | ''
          {key: gpus, operator: Near, values: ['3']}   | ''
          {key: gpus}                                  | ''
          {}                                           | ''
          """)
  void aRequirementIsALabelSelectorOfTheApi(String requirement, String selector) {
    assertThat(term("{matchExpressions: [" + requirement + "]}").labelSelector())
        .isEqualTo(selector);
  }

  @Test
  void requirementsThatTheApiDoesNotKnowLeaveNoComma() {
    assertThat(
            term("""
            {matchExpressions: [{key: a, operator: Gt, values: ['1']}, {key: b, operator: Exists},
              {key: c, operator: Lt, values: ['1']}, {key: d, operator: DoesNotExist}, {}]}
            """)
                .labelSelector())
        .isEqualTo("b,!d");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {operator: In, values: [n1, n2]}                                   | n1 n2
          {operator: NotIn, values: [n1]}                                    | n2 n3
          {operator: In, values: [n1, n2]}, {operator: NotIn, values: [n1]}  | n2
          {operator: In, values: [n1]}, {operator: In, values: [n2]}         | ''
          {operator: In}                                                     | ''
          {operator: NotIn}                                                  | n1 n2 n3
          """)
  void allRequirementsOnTheNameMustBeFulfilled(String requirements, String nodes) {
    Term term =
        term(
            "{matchFields: ["
                + requirements.replace("{operator", "{key: metadata.name, operator")
                + "]}");
    assertThat("n1 n2 n3".split(" "))
        .filteredOn(term::allowsName)
        .as("of %s", requirements)
        .containsExactly(nodes.isEmpty() ? new String[0] : nodes.split(" "));
  }

  @Test
  void aNodeOfTwoTermsFulfilsTheRequirementsOfBoth() {
    Term pod = term("{matchExpressions: [{key: zone, operator: In, values: [a]}]}");
    Term volume =
        term(
            "{matchExpressions: [{key: disk, operator: Exists}], matchFields: [{key: metadata.name,"
                + " operator: In, values: [n1]}]}");
    Term both = pod.and(volume);
    assertThat(both.labelSelector()).isEqualTo("zone in (a),disk");
    assertThat(both.allowsName("n1")).isTrue();
    assertThat(both.allowsName("n2")).isFalse();
    assertThat(pod.and(Term.ANY)).isEqualTo(pod);
    assertThat(Term.ANY.and(pod)).isEqualTo(pod);
  }

  /** As in Kubernetes: "A null or empty node selector term matches no objects." */
  @Test
  void aTermWithoutRequirementsMatchesNoNode() {
    NodeSelector selector =
        selector(
            "{nodeSelectorTerms: [{}, {matchExpressions: [], matchFields: []}, {matchExpressions:"
                + " [{key: disk, operator: Exists}]}, {matchFields: [{key: metadata.name, operator:"
                + " In, values: [n1]}]}]}");
    assertThat(selector.nodeSelectorTerms())
        .containsExactly(
            term("{matchExpressions: [{key: disk, operator: Exists}]}"),
            term("{matchFields: [{key: metadata.name, operator: In, values: [n1]}]}"));
    assertThat(selector("{nodeSelectorTerms: [{}]}").nodeSelectorTerms()).isEmpty();
    assertThat(selector("{nodeSelectorTerms: null}").nodeSelectorTerms()).isEmpty();
  }

  private static NodeSelector selector(String json) {
    return KubeGson.gson().fromJson(json, NodeSelector.class);
  }

  private static Term term(String json) {
    return KubeGson.gson().fromJson(json, Term.class);
  }
}
