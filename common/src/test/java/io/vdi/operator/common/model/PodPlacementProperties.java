package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.Node.Taint;
import io.vdi.operator.common.model.PodPlacement.Toleration;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class PodPlacementProperties {
  /** Half of the taints have the key of a toleration, and many the same value. */
  @Provide
  Arbitrary<Taint> taints() {
    return Combinators.combine(
            Arbitraries.of("team", "gpu"),
            Arbitraries.of("", "a", "5"),
            Arbitraries.of("NoSchedule", "NoExecute", "PreferNoSchedule"))
        .as(Taint::new);
  }

  /** Those that the API server accepts: without a key, the operator is Exists. */
  @Provide
  Arbitrary<Toleration> tolerations() {
    return Combinators.combine(
            Arbitraries.of("", "team", "gpu"),
            Arbitraries.of("", "Equal", "Exists", "Gt", "Lt"),
            Arbitraries.of("", "a", "5"),
            Arbitraries.of("", "NoSchedule", "NoExecute"))
        .filter((key, operator, value, effect) -> !key.isEmpty() || operator.equals("Exists"))
        .as(Toleration::new);
  }

  @Property
  void aPodToleratesATaintAsInKubernetes(
      @ForAll("tolerations") Toleration toleration, @ForAll("taints") Taint taint) {
    assertThat(tolerates(taint, toleration))
        .as("%s of %s", toleration, taint)
        .isEqualTo(kubernetes(toleration, taint));
  }

  /** ToleratesTaint of k8s.io/api/core/v1, without the comparison of numbers. */
  private static boolean kubernetes(Toleration toleration, Taint taint) {
    if (!toleration.effect().isEmpty() && !toleration.effect().equals(taint.effect())) {
      return false;
    }
    if (!toleration.key().isEmpty() && !toleration.key().equals(taint.key())) {
      return false;
    }
    return switch (toleration.operator()) {
      case "", "Equal" -> toleration.value().equals(taint.value());
      case "Exists" -> true;
      default -> false;
    };
  }

  @Example
  void oneTolerationIsEnoughAndNoneToleratesNothing() {
    Taint taint = new Taint("team", "a", "NoSchedule");
    Toleration other = new Toleration("gpu", "Exists", "", "");
    assertThat(tolerates(taint)).isFalse();
    assertThat(tolerates(taint, other)).isFalse();
    assertThat(tolerates(taint, other, new Toleration("team", "Equal", "a", ""))).isTrue();
  }

  @Example
  void fieldsThatAPodLeavesOutAreThoseOfKubernetes() {
    PodPlacement pod = pod("{tolerations: [{key: team}, {key: gpu, operator: null, value: a}]}");
    assertThat(pod.tolerates(new Taint("team", "", "NoExecute"))).as("Equal, empty").isTrue();
    assertThat(pod.tolerates(new Taint("team", "a", "NoExecute"))).as("another value").isFalse();
    assertThat(pod.tolerates(new Taint("gpu", "a", "NoSchedule"))).as("Equal").isTrue();
    for (String spec : List.of("{}", "null", "{tolerations: null, nodeSelector: null}")) {
      assertThat(pod(spec).tolerates(new Taint("team", "", "NoSchedule"))).as(spec).isFalse();
      assertThat(pod(spec).spec().nodeSelector()).as(spec).isEmpty();
    }
  }

  @Example
  void onlyRequiredAffinityRestrictsThePod() {
    for (String spec :
        List.of(
            "{}",
            "{affinity: null}",
            "{affinity: {podAntiAffinity: {}}}",
            "{affinity: {nodeAffinity: {}}}",
            "{affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight:"
                + " 1, preference: {}}]}}}")) {
      assertThat(pod(spec).affinity()).as(spec).isEmpty();
    }
    assertThat(
            pod("{affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {"
                    + "nodeSelectorTerms: [{matchExpressions: [{key: disk, operator: Exists}]}]}}}}")
                .affinity()
                .orElseThrow()
                .nodeSelectorTerms())
        .extracting(NodeSelector.Term::labelSelector)
        .containsExactly("disk");
  }

  private static boolean tolerates(Taint taint, Toleration... tolerations) {
    return new PodPlacement(null, new PodPlacement.Spec(null, List.of(tolerations), null))
        .tolerates(taint);
  }

  private static PodPlacement pod(String spec) {
    return KubeGson.gson().fromJson("{spec: " + spec + "}", PodPlacement.class);
  }
}
