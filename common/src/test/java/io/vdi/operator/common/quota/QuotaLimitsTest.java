package io.vdi.operator.common.quota;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.quota.QuotaLimits.ScopeLimits;
import io.vdi.operator.common.quota.QuotaViolation.QuotaResource;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class QuotaLimitsTest {
  private static final long NONE = ResourceAmounts.UNLIMITED;
  private static final QuotaRequest REQUEST =
      new QuotaRequest("alice@example.com", "team", "ubuntu", new ResourceAmounts(1, 2, 0));

  @Test
  @DisplayName("without limits everything fits")
  void unlimited() {
    QuotaLimits limits = new QuotaLimits(QuotaLimits.Mode.REJECT, Map.of());
    QuotaUsage usage = QuotaUsage.of(List.of(REQUEST.with(new ResourceAmounts(1000, 1000, 0))));
    assertThat(limits.appliesTo(REQUEST)).isFalse();
    assertThat(limits.violations(usage, REQUEST)).isEmpty();
    assertThat(limits.limit(QuotaScope.USER, "anyone"))
        .isEqualTo(new ResourceAmounts(NONE, NONE, NONE));
  }

  @Test
  @DisplayName("a request that reaches the limit exactly fits; one more does not")
  void exactLimit() {
    QuotaLimits limits = limits(QuotaScope.USER, new ResourceAmounts(NONE, 4, NONE), Map.of());
    QuotaUsage two = QuotaUsage.of(List.of(REQUEST));
    assertThat(limits.violations(two, REQUEST)).isEmpty();
    assertThat(limits.violations(two, REQUEST.with(new ResourceAmounts(1, 3, 0))))
        .containsExactly(
            new QuotaViolation(QuotaScope.USER, "alice@example.com", QuotaResource.GPUS, 2, 3, 4));
  }

  @Test
  @DisplayName("usage of other users, namespaces and templates does not count")
  void otherNames() {
    QuotaLimits limits = limits(QuotaScope.NAMESPACE, new ResourceAmounts(1, NONE, NONE), Map.of());
    QuotaRequest elsewhere =
        new QuotaRequest("alice@example.com", "other", "ubuntu", new ResourceAmounts(5, 5, 0));
    assertThat(limits.violations(QuotaUsage.of(List.of(elsewhere)), REQUEST)).isEmpty();
    assertThat(limits.violations(QuotaUsage.of(List.of(elsewhere, REQUEST)), REQUEST)).hasSize(1);
  }

  @Test
  @DisplayName("an exception replaces the default of its scope, in both directions")
  void exceptions() {
    QuotaLimits limits =
        limits(
            QuotaScope.USER,
            new ResourceAmounts(NONE, 2, NONE),
            Map.of(
                "alice@example.com", new ResourceAmounts(NONE, 4, NONE),
                "bob@example.com", new ResourceAmounts(NONE, 0, NONE)));
    QuotaUsage usage = QuotaUsage.of(List.of(REQUEST));
    assertThat(limits.violations(usage, REQUEST)).isEmpty();
    QuotaRequest bob = new QuotaRequest("Bob@Example.com", "team", "ubuntu", REQUEST.amount());
    assertThat(limits.violations(usage, bob))
        .extracting(QuotaViolation::message)
        .containsExactly(
            "GPU quota exceeded for user bob@example.com: used 0, requested 2, limit 0");
  }

  @Test
  @DisplayName("a lowered limit refuses only requests for that resource")
  void loweredLimit() {
    QuotaLimits limits = limits(QuotaScope.CLUSTER, new ResourceAmounts(10, 1, NONE), Map.of());
    QuotaUsage over = QuotaUsage.of(List.of(REQUEST.with(new ResourceAmounts(3, 6, 0))));
    assertThat(limits.violations(over, REQUEST.with(new ResourceAmounts(1, 0, 0)))).isEmpty();
    assertThat(limits.violations(over, REQUEST))
        .extracting(QuotaViolation::message)
        .containsExactly("GPU quota exceeded for cluster: used 6, requested 2, limit 1");
  }

  @Test
  @DisplayName("all exceeded limits are in one message, from user to cluster")
  void severalViolations() {
    Map<QuotaScope, ScopeLimits> all = new EnumMap<>(QuotaScope.class);
    for (QuotaScope scope : QuotaScope.values()) {
      all.put(scope, new ScopeLimits(new ResourceAmounts(0, NONE, NONE), Map.of()));
    }
    QuotaLimits limits = new QuotaLimits(QuotaLimits.Mode.REJECT, all);
    assertThat(QuotaViolation.message(limits.violations(new QuotaUsage(), REQUEST)))
        .isEqualTo(
            "Session quota exceeded for user alice@example.com: used 0, requested 1, limit 0; "
                + "Session quota exceeded for namespace team: used 0, requested 1, limit 0; "
                + "Session quota exceeded for template ubuntu: used 0, requested 1, limit 0; "
                + "Session quota exceeded for cluster: used 0, requested 1, limit 0");
  }

  @Test
  @DisplayName("limits says whether any limit concerns the request")
  void concerned() {
    QuotaLimits limits = limits(QuotaScope.TEMPLATE, new ResourceAmounts(NONE, 1, NONE), Map.of());
    assertThat(limits.appliesTo(REQUEST)).isTrue();
    assertThat(limits.appliesTo(REQUEST.with(new ResourceAmounts(1, 0, 0)))).isFalse();
  }

  @Test
  @DisplayName("usage is the sum per name; its snapshot does not change later")
  void usage() {
    QuotaUsage usage = QuotaUsage.of(List.of(REQUEST, REQUEST));
    Map<String, ResourceAmounts> snapshot = usage.all(QuotaScope.USER);
    usage.add(new QuotaRequest("bob@example.com", "team", "debian", new ResourceAmounts(1, 0, 0)));
    assertThat(snapshot).isEqualTo(Map.of("alice@example.com", new ResourceAmounts(2, 4, 0)));
    assertThat(usage.of(QuotaScope.NAMESPACE, "team")).isEqualTo(new ResourceAmounts(3, 4, 0));
    assertThat(usage.of(QuotaScope.CLUSTER, "")).isEqualTo(new ResourceAmounts(3, 4, 0));
    assertThat(usage.of(QuotaScope.TEMPLATE, "debian")).isEqualTo(new ResourceAmounts(1, 0, 0));
    assertThat(usage.of(QuotaScope.TEMPLATE, "none").isZero()).isTrue();
    assertThat(new QuotaUsage().all(QuotaScope.USER)).isEmpty();
  }

  @Test
  @DisplayName("a suspended or failed session holds no GPU, and every session counts as one")
  void requestOfSession() {
    Optional<VdiTemplate> template =
        Optional.of(
            KubeGson.gson().fromJson("{spec: {resources: {defaultGPU: 3}}}", VdiTemplate.class));
    assertThat(QuotaRequest.of(session("{}", "{}"), template))
        .isEqualTo(
            new QuotaRequest(
                "alice@example.com",
                "team",
                "ubuntu",
                new ResourceAmounts(1, 3, 10L << 30),
                "vdi-data-alice"));
    assertThat(amount("{resources: {gpu: 2}}", "{}", template)).isEqualTo(2);
    assertThat(amount("{resources: {gpu: -2}}", "{}", template)).isZero();
    assertThat(amount("{suspended: true}", "{}", template)).isZero();
    assertThat(amount("{}", "{phase: Failed}", template)).isZero();
    assertThat(amount("{}", "{phase: Terminating}", template))
        .as("its pod may still use the GPU")
        .isEqualTo(3);
    assertThat(amount("{}", "{}", Optional.empty()))
        .as("the operator's default when the template is deleted")
        .isEqualTo(1);
  }

  private static long amount(String spec, String status, Optional<VdiTemplate> template) {
    QuotaRequest request = QuotaRequest.of(session(spec, status), template);
    assertThat(request.amount().sessions()).isEqualTo(1);
    return request.amount().gpus();
  }

  private static VdiSession session(String spec, String status) {
    VdiSession.Spec fields = KubeGson.gson().fromJson(spec, VdiSession.Spec.class);
    VdiSession.Spec complete =
        new VdiSession.Spec(
            "Alice@Example.com",
            "ubuntu",
            fields.resources(),
            fields.persistence(),
            fields.timeout(),
            fields.idleTimeout(),
            fields.idleAction(),
            fields.suspended());
    return new VdiSession(
        KubeGson.gson()
            .fromJson("{metadata: {name: alice, namespace: team}}", VdiSession.class)
            .metadata(),
        complete,
        KubeGson.gson().fromJson(status, VdiSession.Status.class));
  }

  private static QuotaLimits limits(
      QuotaScope scope, ResourceAmounts standard, Map<String, ResourceAmounts> exceptions) {
    return new QuotaLimits(
        QuotaLimits.Mode.REJECT, Map.of(scope, new ScopeLimits(standard, exceptions)));
  }
}
