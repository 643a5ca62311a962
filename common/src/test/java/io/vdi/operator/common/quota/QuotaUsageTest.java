package io.vdi.operator.common.quota;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.quota.QuotaLimits.ScopeLimits;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The storage of homes: each counts once, with its largest size. */
class QuotaUsageTest {
  private static final long GIB = 1L << 30;
  private static final String ALICE = "alice@example.com";

  private final QuotaUsage usage = new QuotaUsage();

  @Test
  @DisplayName("a session and its claim count once, with the larger size")
  void sessionAndClaim() {
    usage.add(request("desk", "ubuntu", 10));
    usage.add(claim("desk", ALICE, "ubuntu", 20));
    assertThat(used(QuotaScope.USER, ALICE)).isEqualTo(20);
    assertThat(used(QuotaScope.NAMESPACE, "team")).isEqualTo(20);
    assertThat(used(QuotaScope.TEMPLATE, "ubuntu")).isEqualTo(20);
    assertThat(used(QuotaScope.CLUSTER, "")).isEqualTo(20);
  }

  @Test
  @DisplayName("a retained home counts for the user and the template of its annotations")
  void retained() {
    usage.add(claim("desk", "Alice@Example.com", "ubuntu", 20));
    usage.add(claim("old", ALICE, "", 5));
    assertThat(used(QuotaScope.USER, ALICE)).isEqualTo(25);
    assertThat(used(QuotaScope.TEMPLATE, "ubuntu")).isEqualTo(20);
    assertThat(used(QuotaScope.CLUSTER, "")).isEqualTo(25);
  }

  @Test
  @DisplayName("a session that reuses a retained home adds only what the home lacks")
  void reuse() {
    usage.add(claim("desk", ALICE, "ubuntu", 20));
    QuotaRequest same = request("desk", "ubuntu", 30);
    assertThat(usage.addedStorage(QuotaScope.USER, same)).isEqualTo(10 * GIB);
    assertThat(usage.addedStorage(QuotaScope.TEMPLATE, same)).isEqualTo(10 * GIB);
    QuotaRequest smaller = request("desk", "debian", 5);
    assertThat(usage.addedStorage(QuotaScope.USER, smaller)).isZero();
    assertThat(usage.addedStorage(QuotaScope.TEMPLATE, smaller))
        .as("the template has no such home yet")
        .isEqualTo(20 * GIB);
    usage.add(same);
    assertThat(used(QuotaScope.USER, ALICE)).isEqualTo(30);
  }

  @Test
  @DisplayName("a home of another user is another home, even if its name is the same")
  void otherUser() {
    usage.add(claim("desk", "bob@example.com", "ubuntu", 20));
    assertThat(usage.addedStorage(QuotaScope.CLUSTER, request("desk", "ubuntu", 10)))
        .isEqualTo(10 * GIB);
  }

  @Test
  @DisplayName("a claim is counted for the session that uses it, whatever template it names")
  void templateOfSession() {
    usage.add(request("desk", "debian", 10));
    usage.add(claim("desk", ALICE, "ubuntu", 20));
    assertThat(used(QuotaScope.TEMPLATE, "debian")).isEqualTo(20);
    assertThat(used(QuotaScope.TEMPLATE, "ubuntu")).isZero();
  }

  @Test
  @DisplayName("the refusal names sizes; what is reused is no violation even above the limit")
  void message() {
    QuotaLimits limits =
        new QuotaLimits(
            QuotaLimits.Mode.REJECT,
            Map.of(
                QuotaScope.USER,
                new ScopeLimits(
                    new ResourceAmounts(
                        ResourceAmounts.UNLIMITED, ResourceAmounts.UNLIMITED, 50 * GIB),
                    Map.of())));
    usage.add(claim("old", ALICE, "ubuntu", 40));
    assertThat(limits.violations(usage, request("desk", "ubuntu", 20)))
        .extracting(QuotaViolation::message)
        .containsExactly(
            "Storage quota exceeded for user alice@example.com: used 40Gi, requested 20Gi, limit"
                + " 50Gi");
    usage.add(claim("other", ALICE, "ubuntu", 40));
    assertThat(limits.violations(usage, request("old", "ubuntu", 40))).isEmpty();
    assertThat(limits.violations(usage, request("old", "ubuntu", 41))).hasSize(1);
    assertThat(limits.violationsAlone(request("huge", "ubuntu", 51))).hasSize(1);
  }

  @Test
  @DisplayName("homes without a name are added up")
  void unnamed() {
    QuotaRequest generated =
        new QuotaRequest(ALICE, "team", "ubuntu", new ResourceAmounts(1, 0, 10 * GIB));
    QuotaUsage two = QuotaUsage.of(List.of(generated, generated));
    assertThat(two.of(QuotaScope.CLUSTER, "")).isEqualTo(new ResourceAmounts(2, 0, 20 * GIB));
  }

  private long used(QuotaScope scope, String name) {
    return usage.of(scope, name).storage() / GIB;
  }

  private static QuotaRequest request(String session, String template, long gib) {
    return new QuotaRequest(
        ALICE, "team", template, new ResourceAmounts(1, 0, gib * GIB), "vdi-data-" + session);
  }

  private static PersistentVolumeClaim claim(
      String session, String user, String template, long gib) {
    String noted = template.isEmpty() ? "" : ", 'vdi.kasm.io/template': '" + template + "'";
    return KubeGson.gson()
        .fromJson(
            """
            {metadata: {name: vdi-data-%s, namespace: team, annotations: {'vdi.kasm.io/user': '%s'%s}},
             spec: {resources: {requests: {storage: %dGi}}}}
            """
                .formatted(session, user, noted, gib),
            PersistentVolumeClaim.class);
  }
}
