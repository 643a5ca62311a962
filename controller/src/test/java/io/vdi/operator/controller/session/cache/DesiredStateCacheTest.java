package io.vdi.operator.controller.session.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.controller.session.FakeCluster;
import io.vdi.operator.controller.session.plan.ChildState;
import io.vdi.operator.controller.session.plan.ObservedSession;
import io.vdi.operator.controller.session.plan.ObservedSessions;
import io.vdi.operator.controller.session.resources.DesiredObject;
import io.vdi.operator.controller.session.resources.DesiredState;
import io.vdi.operator.controller.session.resources.SessionConfig;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DesiredStateCacheTest {
  private static final SessionConfig CONFIG = FakeCluster.CONFIG;

  private final DesiredStateCache cache = new DesiredStateCache();

  @Test
  void aRememberedStateEqualsANewOneInHashesAndContent() {
    String x = "{image: x, gpu: {deviceClassName: gpu.example.com}}";
    String y = "{image: y, gpu: {deviceClassName: gpu.example.com}}";
    for (String template : List.of(x, x, y, x)) {
      ObservedSession observed = observed("{}", template, Map.of());
      DesiredState.Children fresh = fresh(observed);
      DesiredState remembered = cache.of(observed, CONFIG);
      assertThat(remembered).isEqualTo(fresh);
      for (ChildKind kind : ChildKind.values()) {
        DesiredObject expected = fresh.get(kind).orElseThrow();
        DesiredObject actual = ((DesiredState.Children) remembered).get(kind).orElseThrow();
        assertThat(actual.body()).as("body of %s", kind).isEqualTo(expected.body());
        assertThat(actual.patch()).as("patch of %s", kind).isEqualTo(expected.patch());
      }
    }
  }

  @Test
  void everyInputChangesTheState() {
    ObservedSession observed = observed("{}", "{image: x}", Map.of());
    DesiredState first = cache.of(observed, CONFIG);
    SessionConfig otherDomain =
        new SessionConfig(
            "other.example.com",
            CONFIG.ingress(),
            CONFIG.tls(),
            CONFIG.turn(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());
    assertThat(cache.of(observed, otherDomain)).isNotEqualTo(first);
    assertThat(cache.of(observed("{resources: {memory: 8Gi}}", "{image: x}", Map.of()), CONFIG))
        .isNotEqualTo(first);
    assertThat(cache.of(observed, CONFIG)).isEqualTo(first);
  }

  @Test
  void aMissingTemplateAndAnInvalidSpecAreNotRemembered() {
    ObservedSession invalid = observed("{resources: {memory: many}}", "{image: x}", Map.of());
    ObservedSession valid = observed("{}", "{image: x}", Map.of());
    ObservedSession missing = ObservedSessions.of(valid.session(), Optional.empty(), Map.of());
    for (int i = 0; i < 2; i++) {
      assertThat(cache.of(invalid, CONFIG)).isInstanceOf(DesiredState.InvalidSpec.class);
      assertThat(cache.of(missing, CONFIG)).isEqualTo(new DesiredState.TemplateMissing());
      assertThat(cache.of(valid, CONFIG)).isInstanceOf(DesiredState.Children.class);
    }
  }

  private static DesiredState.Children fresh(ObservedSession observed) {
    return (DesiredState.Children)
        DesiredState.of(
            observed.session(), observed.template().orElseThrow().spec(), observed.host(), CONFIG);
  }

  private static ObservedSession observed(
      String sessionSpec, String templateSpec, Map<ChildKind, ChildState> children) {
    VdiTemplate template =
        KubeGson.gson()
            .fromJson("{metadata: {name: ubuntu}, spec: " + templateSpec + "}", VdiTemplate.class);
    return ObservedSessions.of(session(sessionSpec), Optional.of(template), children);
  }

  private static VdiSession session(String spec) {
    return KubeGson.gson()
        .fromJson(
            "{metadata: {name: desk, namespace: desks, uid: u1}, spec: " + spec + "}",
            VdiSession.class);
  }
}
