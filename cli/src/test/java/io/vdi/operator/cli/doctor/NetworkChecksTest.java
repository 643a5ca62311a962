package io.vdi.operator.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.cli.FakeCluster;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** FaultsIT tests with real packets what the desktop reaches. */
class NetworkChecksTest {
  private static final String POLICY =
      "/apis/networking.k8s.io/v1/namespaces/team-a/networkpolicies/vdi-ubuntu";
  private static final String WEBHOOK = "/api/v1/namespaces/vdi-system/pods/webhook";

  private final CheckRunner runner = new CheckRunner();

  @BeforeEach
  void start() {
    runner.alice("", "phase: Running", 60);
    runner.fake.put(FakeCluster.core("pods", "alice"), "status: {podIP: 10.1.0.7}");
    runner.fake.serve("/apis/apps/v1/daemonsets").serve("/api/v1/nodes");
    policy("{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [192.168.0.0/16, 10.0.0.0/8]}}]}");
    webhook("10.1.0.8", "True");
  }

  @AfterEach
  void close() {
    runner.close();
  }

  private void policy(String egress) {
    runner.fake.put(POLICY, "spec: {egress: [" + egress + "]}");
  }

  private void webhook(String address, String ready) {
    runner.fake.put(
        WEBHOOK,
        """
        metadata: {labels: {app.kubernetes.io/name: vdi-operator, app.kubernetes.io/component: admission-webhook}}
        status: {podIP: "%s", conditions: [{type: Ready, status: '%s'}]}
        """
            .formatted(address, ready));
  }

  private String check() {
    return runner.runOnAlice(NetworkChecks.checks(), "network-policy");
  }

  @Test
  void withoutAPolicyNothingIsEnforced() {
    runner.fake.remove(POLICY);
    assertThat(check()).isEqualTo("skipped: there is no NetworkPolicy vdi-ubuntu");
  }

  @Test
  void withoutProbeThePluginIsNamed() {
    assertThat(check())
        .isEqualTo("skipped: no network plugin is known to enforce them here; --probe tests it");
    runner.fake.put("/api/v1/nodes/a", "status: {nodeInfo: {kubeletVersion: v1.34.1+k3s1}}");
    assertThat(check()).isEqualTo("ok: K3s runs, which enforces them; --probe tests it");
    runner.fake.put("/apis/apps/v1/namespaces/kube-system/daemonsets/calico-node", "spec: {}");
    assertThat(check()).isEqualTo("ok: calico-node runs, which enforces them; --probe tests it");
  }

  @Test
  void aProbeNeedsATargetThatThePolicyForbids() {
    runner.probe();
    webhook("10.1.0.8", "False");
    assertThat(check()).isEqualTo("skipped: the admission webhook has no pod to connect to");
    for (String egress :
        new String[] {
          "{ports: [{port: 8443}]}",
          "{to: [{ipBlock: {cidr: 10.1.0.0/16}}]}",
          "{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.1.0.0/29]}}]}"
        }) {
      webhook("10.1.0.8", "True");
      policy(egress);
      assertThat(check())
          .as(egress)
          .isEqualTo("skipped: vdi-ubuntu allows connections to 10.1.0.8");
    }
  }

  @Test
  void aProbeNeedsTheDesktop() {
    runner.probe();
    runner.fake.reject(
        "GET " + FakeCluster.core("pods", "alice") + "/exec", 403, "pods/exec is forbidden");
    assertThat(check()).startsWith("skipped: cannot run a program in the desktop");
    policy("{to: [{ipBlock: {cidr: '::/0'}}, {podSelector: {}}]}");
    assertThat(check()).startsWith("skipped: cannot run a program in the desktop");
  }
}
