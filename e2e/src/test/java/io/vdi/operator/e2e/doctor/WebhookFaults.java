package io.vdi.operator.e2e.doctor;

import io.vdi.operator.common.diagnosis.KnownCause;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The way from the API server to the admission webhook. */
abstract class WebhookFaults {
  /** Both configurations, as arguments of kubectl. */
  static final String CONFIGURATIONS =
      "mutatingwebhookconfiguration,validatingwebhookconfiguration vdi-operator";

  private final DoctorHarness harness;

  WebhookFaults(DoctorHarness harness) {
    this.harness = harness;
  }

  @Test
  void webhookUnreachable() {
    harness.shell(
        "kubectl -n vdi-system patch service vdi-admission-webhook --type=merge"
            + " --patch='{\"spec\": {\"selector\":"
            + " {\"app.kubernetes.io/component\": \"nobody\"}}}'");
    harness.alice().awaitCauseAndFix(KnownCause.WEBHOOK_UNREACHABLE);
  }

  /** The webhook is called by a name that its certificate does not contain. */
  @Test
  void webhookCertificate() {
    harness
        .node()
        .apply(
            """
            apiVersion: v1
            kind: Service
            metadata: {name: alias, namespace: vdi-system}
            spec:
              selector: {app.kubernetes.io/component: admission-webhook}
              ports: [{port: 443, targetPort: https}]
            """);
    renameWebhookService("alias");
    try {
      harness.alice().awaitCause(KnownCause.WEBHOOK_CERTIFICATE);
    } finally {
      renameWebhookService("vdi-admission-webhook");
      harness.shell("kubectl -n vdi-system delete service alias");
      harness.alice().awaitHealth();
    }
  }

  private void renameWebhookService(String name) {
    for (String kind : List.of("mutating", "validating")) {
      harness.shell(
          "kubectl patch "
              + kind
              + "webhookconfiguration vdi-operator --type=json --patch='[{\"op\": \"replace\","
              + " \"path\": \"/webhooks/0/clientConfig/service/name\", \"value\": \""
              + name
              + "\"}]'");
    }
  }

  /** The chart requires a client certificate, which the API server of the node does not have. */
  @Test
  void webhookRefusesCaller() {
    harness.shell(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -keyout"
            + " /dev/null -subj /CN=clients | kubectl -n vdi-system create configmap clients"
            + " --from-file=ca.crt=/dev/stdin");
    harness.shell(
        "helm upgrade vdi-operator charts/vdi-operator -n vdi-system --reuse-values --wait --set"
            + " admissionWebhook.clientCA.configMap=clients");
    harness.alice().awaitCauseAndFix(KnownCause.WEBHOOK_REFUSES_CALLER);
    harness.shell("kubectl -n vdi-system delete configmap clients");
  }

  @Test
  void webhookNotRegistered() {
    harness.shell("kubectl delete " + CONFIGURATIONS);
    harness.alice().awaitCauseAndFix(KnownCause.WEBHOOK_NOT_REGISTERED);
  }
}
