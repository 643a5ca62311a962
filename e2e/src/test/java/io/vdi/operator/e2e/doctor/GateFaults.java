package io.vdi.operator.e2e.doctor;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.devcluster.operator.SingleSignOn;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The gate, its provider Keycloak, and the way to the portal. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class GateFaults {
  /** The causes that need a gate. */
  static final Set<KnownCause> CAUSES =
      Set.of(
          KnownCause.GATE_NOT_READY,
          KnownCause.GATE_PROVIDER,
          KnownCause.GATE_KEYS,
          KnownCause.PORTAL_ROUTE,
          KnownCause.GATE_COOKIES,
          KnownCause.GATE_NOT_ATTACHED);

  private final DoctorHarness harness;
  private String issuer = "";

  GateFaults(DoctorHarness harness) {
    this.harness = harness;
  }

  @BeforeAll
  void install() {
    assumeTrue(SingleSignOn.hasMemory(), "no memory for Keycloak");
    issuer = harness.node().installWithGate(FaultySessions.values(harness)).keycloak().issuer();
    harness.alice().awaitHealth();
  }

  @AfterAll
  void uninstall() {
    harness.node().installWithoutGate(FaultySessions.values(harness));
  }

  @Test
  void gateNotReady() {
    harness.shell(
        "kubectl -n vdi-system scale deployment/vdi-gate --replicas=0 && kubectl -n vdi-system set"
            + " env deployment/vdi-gate vdiConfig_GATE_DRAIN_PERIOD=nonsense && kubectl -n"
            + " vdi-system scale deployment/vdi-gate --replicas=2");
    awaitCauseAndUndo(KnownCause.GATE_NOT_READY);
  }

  @Test
  void providerUnreachable() {
    harness.shell(
        "kubectl -n vdi-system set env deployment/vdi-gate"
            + " vdiConfig_GATE_OIDC_ISSUER=https://127.0.0.1:1/realms/vdi");
    awaitCauseAndUndo(KnownCause.GATE_PROVIDER);
  }

  @Test
  void wrongIssuer() {
    harness.shell(
        "kubectl -n vdi-system set env deployment/vdi-gate vdiConfig_GATE_OIDC_ISSUER="
            + issuer
            + "/");
    awaitCauseAndUndo(KnownCause.GATE_PROVIDER);
  }

  @Test
  void keysInvalid() {
    harness.shell(
        "kubectl -n vdi-system patch secret vdi-gate-keys --type=merge --patch='{\"data\":"
            + " {\"keys.json\": \"e30=\"}}'");
    harness.alice().awaitCauseAndFix(KnownCause.GATE_KEYS);
  }

  @Test
  void portalWithoutRoute() {
    harness.shell("kubectl -n vdi-system delete ingressroute vdi-gate");
    harness.alice().awaitCauseAndFix(KnownCause.PORTAL_ROUTE);
  }

  @Test
  void cookiesRemoved() {
    harness
        .node()
        .apply(
            """
            apiVersion: traefik.io/v1alpha1
            kind: Middleware
            metadata: {name: no-cookies, namespace: vdi-system}
            spec: {headers: {customResponseHeaders: {Set-Cookie: ""}}}
            """);
    patchPortal("[{\"name\": \"no-cookies\"}]");
    try {
      harness.alice().awaitCause(KnownCause.GATE_COOKIES);
    } finally {
      patchPortal("[]");
      harness.shell("kubectl -n vdi-system delete middlewares.traefik.io no-cookies");
      harness.alice().awaitHealth();
    }
  }

  private void patchPortal(String middlewares) {
    harness.shell(
        "kubectl -n vdi-system patch ingressroute vdi-gate --type=json --patch='[{\"op\": \"add\","
            + " \"path\": \"/spec/routes/0/middlewares\", \"value\": "
            + middlewares
            + "}]'");
  }

  @Test
  void routeDoesNotAskTheGate() {
    harness.shell(
        "kubectl annotate ingressroute " + DoctorHarness.ALICE + " vdi.kasm.io/access-mode-");
    harness.alice().awaitCauseAndFix(KnownCause.GATE_NOT_ATTACHED);
  }

  private void awaitCauseAndUndo(KnownCause cause) {
    try {
      harness.alice().awaitCause(cause);
    } finally {
      harness.shell("kubectl -n vdi-system rollout undo deployment/vdi-gate");
      await("the rollout")
          .atMost(DoctorHarness.PATIENCE)
          .until(() ->
              harness
                  .shell("kubectl -n vdi-system rollout status deployment/vdi-gate --timeout=80s")
                  .contains("successfully"));
      harness.alice().awaitHealth();
    }
  }
}
