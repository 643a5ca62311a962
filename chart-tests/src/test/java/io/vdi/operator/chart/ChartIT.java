package io.vdi.operator.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.operator.Helm;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Helm renders and installs the chart on a real API server. No kubelet runs the pods. */
@ExtendWith(ClusterExtension.class)
class ChartIT {
  private static final String CHART = ChartTemplates.CHART.toString();

  /** Values that enable everything that is optional. */
  private static final String[] EVERYTHING = {
    "--set", "monitoring.serviceMonitor.enabled=true",
    "--set", "monitoring.prometheusRule.enabled=true",
    "--set", "monitoring.dashboard.enabled=true",
    "--set", "admissionWebhook.certificates.mode=certManager",
    "--set", "admissionWebhook.clientCA.configMap=client-ca",
    "--set", "admissionWebhook.clientNames={kube-apiserver}",
    "--set", "image.pullSecrets[0].name=registry",
    "--set", "priorityClassName=system-cluster-critical",
    "--set", "controller.jvmFlags={-Xmx384m}",
    "--set", "config.quota.user.gpus=2",
    "--set", "coturn.enabled=true",
    "--set", "coturn.createNamespace=false",
    "--set", "coturn.allowedPeers={10.42.0.0-10.42.255.255}",
    "--set", "config.turn.host=turn.example.com",
    "--set", "networkPolicies.metricsFrom[0].namespaceSelector.matchLabels.a=b",
    "--set", "gate.enabled=true",
    "--set", "gate.publicUrl=https://portal.vdi.example.com",
    "--set", "gate.oidc.issuer=https://login.example.com:8443/realms/vdi",
    "--set", "gate.oidc.clientId=vdi-gate",
    "--set", "gate.oidc.existingSecret=vdi-gate-oidc",
    "--set", "config.reaper.notices.webhook.url=https://events.example.com:9443/vdi",
    "--set", "config.reaper.notices.smtp.host=mail.example.com",
    "--set", "config.reaper.notices.smtp.from=desktops@example.com",
    "--set", "config.reaper.notices.smtp.existingSecret=mail-account",
    "--set", "config.reaper.notices.chat.existingSecret=chat",
  };

  private static final String[] GATE = {
    "--set=gate.enabled=true", "--set=gate.publicUrl=https://portal.vdi.example.com"
  };

  private static final String SHAPED_PODS = "--values=src/test/resources/shaped-pods.yaml";

  /** Kinds of other operators, which this cluster does not have. */
  private static final Set<String> UNKNOWN_KINDS =
      Set.of("ServiceMonitor", "PrometheusRule", "Certificate", "Issuer", "IngressRoute");

  private static final Map<String, String> COLLECTIONS =
      Map.ofEntries(
          Map.entry("ServiceAccount", "serviceaccounts"),
          Map.entry("ConfigMap", "configmaps"),
          Map.entry("Secret", "secrets"),
          Map.entry("Service", "services"),
          Map.entry("Pod", "pods"),
          Map.entry("Deployment", "deployments"),
          Map.entry("PodDisruptionBudget", "poddisruptionbudgets"),
          Map.entry("HorizontalPodAutoscaler", "horizontalpodautoscalers"),
          Map.entry("Namespace", "namespaces"),
          Map.entry("Ingress", "ingresses"),
          Map.entry("NetworkPolicy", "networkpolicies"),
          Map.entry("Role", "roles"),
          Map.entry("RoleBinding", "rolebindings"),
          Map.entry("ClusterRole", "clusterroles"),
          Map.entry("ClusterRoleBinding", "clusterrolebindings"),
          Map.entry("MutatingWebhookConfiguration", "mutatingwebhookconfigurations"),
          Map.entry("ValidatingWebhookConfiguration", "validatingwebhookconfigurations"),
          Map.entry("CustomResourceDefinition", "customresourcedefinitions"));

  private final KubeClient api;
  private final String namespace;
  private final Helm helm;

  ChartIT(Cluster cluster, KubeClient api, TestNamespace namespace, @TempDir Path home) {
    this.api = api;
    this.namespace = namespace.name();
    this.helm = Helm.of(cluster, home);
  }

  @Test
  void helmLintFindsNothing() {
    String lint = helm.run("lint", "--strict", CHART);
    assertThat(lint).contains("0 chart(s) failed");
  }

  @Test
  void theApiServerAcceptsEveryObjectWithStrictValidation() {
    for (String[] values : new String[][] {{}, EVERYTHING, {SHAPED_PODS}}) {
      List<JsonObject> objects = render(values);
      assertThat(objects).hasSizeGreaterThan(25);
      assertEquals(List.of(), rejected(objects));
    }
  }

  /** Values as clusters of different kinds have them, alone and together. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "crds.install=false",
        "reaper.enabled=false",
        "fullnameOverride=desks",
        "nameOverride=desks",
        "controller.replicas=1,admissionWebhook.replicas=3",
        "controller.serviceAccount.create=false,controller.serviceAccount.name=mine",
        "reaper.serviceAccount.name=cleaner",
        "admissionWebhook.autoscaling.enabled=true",
        "admissionWebhook.certificates.mode=certManager",
        "admissionWebhook.clientCA.secret=client-ca",
        "podDisruptionBudgets.enabled=false",
        "podDisruptionBudgets.minAvailable=1",
        "podDisruptionBudgets.maxUnavailable=50%",
        "controller.podDisruptionBudget.minAvailable=1",
        "networkPolicies.enabled=false",
        "networkPolicies.dnsPorts={5353},networkPolicies.apiServerPorts={16443}",
        "podSecurityContext.runAsUser=null,podSecurityContext.runAsGroup=null,podSecurityContext.fsGroup=null",
        "config.ingress.kind=ingress,config.ingress.className=traefik",
        "config.ingress.kind=none",
        "listenAddress=::,gate.enabled=true,gate.publicUrl=https://portal.example.com",
        "config.ingress.kind=gateway,config.ingress.gateway.parentRefs[0].name=inner",
        "config.tls.mode=certResolver",
        "config.tls.mode=secretName,config.tls.secretName=wildcard",
        "config.identity.mode=warn",
        "config.quota.mode=queue,config.quota.cluster.gpus=8",
        "config.access.sessionRoles=false",
        "config.network.mode=none",
        "watchNamespaces={team-a,team-b}",
        "monitoring.dashboard.enabled=true,monitoring.prometheusRule.enabled=true",
        "coturn.enabled=true,coturn.allowedPeers={10.0.0.0-10.0.255.255},config.turn.host=turn.example.com",
        "gate.enabled=true,gate.publicUrl=https://portal.example.com,gate.autoscaling.enabled=true",
        "gate.enabled=true,gate.publicUrl=https://portal.example.com,config.ingress.kind=ingress,"
            + "config.ingress.className=traefik,watchNamespaces={team-a},fullnameOverride=desks"
      })
  void theApiServerAcceptsCombinationsOfValues(String values) {
    assertEquals(List.of(), rejected(render("--set", values)));
  }

  @Test
  @DisplayName(
      "the names of all objects follow fullnameOverride, and the objects refer to each other")
  void names() {
    List<JsonObject> objects =
        render(
            "--set=fullnameOverride=desks,gate.enabled=true,gate.publicUrl=https://portal.example.com",
            "--set=reaper.serviceAccount.name=cleaner,admissionWebhook.certificates.mode=certManager");
    // The webhook writes its certificates to the configurations of this name.
    Set<String> fixed = Set.of("CustomResourceDefinition", "Pod");
    for (JsonObject object : objects) {
      String kind = object.get("kind").getAsString();
      if (!fixed.contains(kind) && !kind.endsWith("WebhookConfiguration")) {
        assertThat(name(object)).as(kind).matches("desks-.*|cleaner|vdi-(sessions|homes|usage)-.*");
      }
    }
    assertThat(objects.toString())
        .contains(
            ":desks-controller'",
            ":cleaner'",
            "\"serviceAccountName\":\"cleaner\"",
            "\"service\":{\"name\":\"desks-admission-webhook\"",
            "service: desks-admission-webhook",
            "- cleaner\\n",
            "forwardAuthUrl: http://desks-gate.")
        .doesNotContain(":vdi-controller'", ":vdi-reaper'", "\"vdi-config\"");
  }

  @Test
  @DisplayName("the settings for ingress-nginx reach the controller")
  void ingressNginx() {
    assertThat(
            settings(
                "controller.yaml",
                "--set=gate.enabled=true,gate.publicUrl=https://portal.example.com",
                "--set=config.ingress.kind=ingress,config.ingress.controller=ingressNginx",
                "--set=config.access.gate.clusterDomain=desks.internal"))
        .contains(
            "controller: ingressNginx",
            "clusterDomain: desks.internal",
            "forwardAuthUrl: http://vdi-gate.");
  }

  /** What the API server says against the objects. */
  private List<String> rejected(List<JsonObject> objects) {
    List<String> rejected = new ArrayList<>();
    for (JsonObject object : objects) {
      String kind = object.get("kind").getAsString();
      if (kind.equals("Pod")) {
        // A dry run creates nothing, so the pod's own service account does not exist.
        object.getAsJsonObject("spec").addProperty("serviceAccountName", "default");
      }
      JsonObject metadata = object.getAsJsonObject("metadata");
      if (metadata.has("namespace") && !metadata.get("namespace").getAsString().equals(namespace)) {
        metadata.addProperty("namespace", namespace);
      }
      if (!UNKNOWN_KINDS.contains(kind)) {
        // The object may exist from an earlier test; the API server validates before it reports
        // that.
        ApiResult<JsonObject> answer =
            api.request("POST", collection(object) + "?dryRun=All&fieldValidation=Strict", object);
        if (answer.ok().isEmpty() && !answer.isAlreadyExists()) {
          rejected.add(kind + ": " + answer.failure().orElseThrow());
        }
      }
    }
    return rejected;
  }

  @Test
  void everyPodMeetsTheRestrictedPodSecurityLevel() {
    String restricted = namespace + "-restricted";
    Manifests.apply(
        api,
        """
        apiVersion: v1
        kind: Namespace
        metadata: {name: %1$s, labels: {pod-security.kubernetes.io/enforce: restricted}}
        ---
        {apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: %1$s}}
        """
            .formatted(restricted));
    for (JsonObject template : podSpecs(render())) {
      JsonObject pod =
          Manifests.parse("{apiVersion: v1, kind: Pod, metadata: {generateName: p-}}").getFirst();
      JsonObject spec = template.deepCopy();
      spec.addProperty("serviceAccountName", "default");
      pod.add("spec", spec);
      api.request("POST", "/api/v1/namespaces/" + restricted + "/pods?dryRun=All", pod)
          .orElseThrow();
    }
  }

  @Test
  void noServiceSetsVariablesInAPodAndNoVolumeFillsTheNode() {
    List<JsonObject> pods = podSpecs(render(EVERYTHING));
    assertThat(pods).hasSize(6);
    for (JsonObject pod : pods) {
      assertThat(pod.get("enableServiceLinks")).as("%s", pod).hasToString("false");
      for (JsonElement volume : pod.getAsJsonArray("volumes")) {
        JsonObject emptyDir = volume.getAsJsonObject().getAsJsonObject("emptyDir");
        assertTrue(emptyDir == null || emptyDir.has("sizeLimit"), volume::toString);
      }
    }
  }

  @Test
  void valuesShapeThePods() {
    List<JsonObject> objects = render(SHAPED_PODS);
    assertThat(objects.toString())
        .contains("\"name\":\"one\"", "-two\"", "\"example.com/role\":\"desks\"", "5353");
    for (JsonObject deployment : objects) {
      if (!deployment.get("kind").getAsString().equals("Deployment")) {
        continue;
      }
      String name = deployment.getAsJsonObject("metadata").get("name").getAsString();
      String image = "registry.example.com/desks/" + name.replaceFirst("^vdi-", "") + ":1.10";
      assertThat(deployment.toString())
          .as(name)
          .contains(image)
          .contains("\"imagePullSecrets\":[{\"name\":\"pull\"}]")
          .contains("\"runAsNonRoot\":true")
          .doesNotContain("runAsUser", "fsGroup");
      if (name.equals("vdi-controller")) {
        assertThat(deployment.toString())
            .contains(image + "@sha256:aaaa")
            .contains("\"control-plane\":\"controller-manager\"")
            .contains("\"team\":\"desks\"", "\"example.com/scrape\":\"true\"")
            .contains("HTTPS_PROXY", "\"mountPath\":\"/extra\"", "example.com/infra")
            .contains("\"maxSkew\":2")
            .doesNotContain("\"maxSkew\":1");
      }
    }
  }

  @Test
  void aTagThatIsANumberIsRejectedWithARemedy() {
    ClusterException rejected =
        assertThrows(ClusterException.class, () -> render("--set-json", "image.tag=1.10"));
    assertThat(rejected).hasMessageContaining("write it in quotes, or use --set-string image.tag");
  }

  /** The specs of all pods that these objects are or create. */
  private static List<JsonObject> podSpecs(List<JsonObject> objects) {
    List<JsonObject> specs = new ArrayList<>();
    for (JsonObject object : objects) {
      switch (object.get("kind").getAsString()) {
        case "Pod" -> specs.add(object.getAsJsonObject("spec"));
        case "Deployment" ->
            specs.add(
                object.getAsJsonObject("spec").getAsJsonObject("template").getAsJsonObject("spec"));
        default -> {}
      }
    }
    return specs;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "controler.replicas=2",
        "controller.replicas=none",
        "config.domian=x",
        "config.domain=Not_A_Name",
        "config.reaper.orphanGracePeriod=ten",
        "config.reaper.notices.chat.url=https://chat.example.com/secret",
        "config.reaper.notices.smtp.tls=yes",
        "config.quota.user.gpu=2",
        "config.ingress.kind=nginx",
        "image.pullPolicy=Sometimes",
        "config.logging.x=LOUD",
        "coturn.allowedPeers={10.42.0.0/16}",
        "coturn.userQuota=0",
        "config.turn.credentialLifetime=always",
        "watchNamespaces={Not_A_Name}",
        "config.access.sessionRoles=perhaps",
        "config.access.mode=portal",
        "gate.publicUrl=http://portal.vdi.example.com",
        "gate.oidc.issuerUrl=https://login.example.com",
        "gate.signIn.lifetime=long",
        "gate.audit.webhook.url=example.com",
        "config.reservedHosts={Not_A_Label}"
      })
  void aTypoIsRejected(String value) {
    ClusterException rejected = assertThrows(ClusterException.class, () -> render("--set", value));
    assertThat(rejected).hasMessageContaining("values don't meet the specifications");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "config.turn.host=turn.example.com",
        "coturn.enabled=true",
        "coturn.enabled=true,config.turn.host=x",
        "gate.enabled=true",
        "config.access.mode=gate"
      })
  void contradictingValuesAreRejectedWithARemedy(String values) {
    ClusterException rejected = assertThrows(ClusterException.class, () -> render("--set", values));
    assertThat(rejected.getMessage()).containsPattern(": set |leave ");
  }

  /** Templates, nodes, volumes, reviews and webhook configurations have no namespace. */
  @Test
  void withWatchedNamespacesNoClusterRoleOfAServiceGrantsAnythingInANamespace() {
    List<JsonObject> objects =
        render("--show-only=templates/roles.yaml", "--set=watchNamespaces={team-a,vdi-system}");
    List<String> roles = new ArrayList<>();
    for (JsonObject object : objects) {
      JsonObject metadata = object.getAsJsonObject("metadata");
      String kind = object.get("kind").getAsString();
      if (kind.equals("ClusterRole")) {
        for (JsonElement rule : object.getAsJsonArray("rules")) {
          assertThat(
                  List.of(
                      "vditemplates",
                      "vditemplates/status",
                      "nodes",
                      "persistentvolumes",
                      "subjectaccessreviews",
                      "mutatingwebhookconfigurations",
                      "validatingwebhookconfigurations"))
              .containsAll(
                  rule.getAsJsonObject().getAsJsonArray("resources").asList().stream()
                      .map(JsonElement::getAsString)
                      .toList());
        }
      } else if (kind.equals("Role")) {
        roles.add(
            metadata.get("namespace").getAsString() + "/" + metadata.get("name").getAsString());
      }
    }
    assertThat(roles)
        .contains(
            "team-a/vdi-controller-sessions",
            "team-a/vdi-reaper-sessions",
            "team-a/vdi-admission-webhook-sessions",
            "vdi-system/vdi-controller-sessions",
            namespace + "/vdi-controller")
        .hasSize(9);
    List<JsonObject> config =
        render("--show-only=templates/configmap.yaml", "--set=watchNamespaces={team-a}");
    for (JsonElement file : config.getFirst().getAsJsonObject("data").asMap().values()) {
      assertThat(file.getAsString()).contains("watchNamespaces:\n- team-a\n");
    }
  }

  @Test
  void withWatchedNamespacesTheGateReadsSecretsOnlyThere() {
    List<JsonObject> objects =
        render(
            Stream.concat(
                    Stream.of(GATE),
                    Stream.of("--show-only=templates/roles.yaml", "--set=watchNamespaces={team-a}"))
                .toArray(String[]::new));
    List<String> readers =
        objects.stream()
            .filter(object -> object.has("rules"))
            .filter(object -> name(object).startsWith("vdi-gate"))
            .filter(object -> object.getAsJsonArray("rules").toString().contains("\"secrets\""))
            .map(object -> object.get("kind").getAsString() + " " + name(object))
            .toList();
    assertThat(readers).containsExactlyInAnyOrder("Role vdi-gate", "Role vdi-gate-sessions");
  }

  /** A kubelet learns the token of its caller, so the token must not be the reaper's. */
  @Test
  void kubeletsAreReadWithAnAccountThatCanOnlyReadMetrics() {
    assertThat(render().toString()).doesNotContain("nodes/metrics", "serviceaccounts/token");
    List<JsonObject> objects =
        render(
            "--set=config.reaper.busy.enabled=true",
            "--set=config.reaper.busy.gpu.namespace=gpu-operator");
    assertThat(objects.toString()).doesNotContain("nodes/proxy");
    List<String> roles =
        objects.stream()
            .filter(object -> object.toString().contains("nodes/metrics"))
            .map(ChartIT::name)
            .toList();
    assertThat(roles).containsExactly("vdi-reaper-kubelet");
    List<String> bindings =
        objects.stream()
            .filter(object -> object.has("subjects"))
            .filter(object -> object.getAsJsonArray("subjects").toString().contains("-kubelet\""))
            .map(ChartIT::name)
            .toList();
    assertThat(bindings).as("its only permission").containsExactly("vdi-reaper-kubelet");
  }

  @Test
  void theAlertsOfTheGateComeWithTheGate() {
    String rules = "monitoring.prometheusRule.enabled=true";
    assertThat(ChartTemplates.render("prometheusrule.yaml", rules).toString())
        .contains("VDINoLeader")
        .doesNotContain("VDIGate");
    JsonObject both =
        ChartTemplates.render(
                "prometheusrule.yaml",
                rules,
                "gate.enabled=true",
                "gate.publicUrl=https://portal.vdi.example.com")
            .getFirst();
    assertThat(both.getAsJsonObject("spec").getAsJsonArray("groups")).hasSize(2);
    assertThat(both.toString()).contains("VDINoLeader", "VDIGateProviderUnreachable");
  }

  @Test
  void theGateSetsTheAccessModeUnlessItIsChosen() {
    assertThat(settings("controller.yaml")).contains("mode: basic");
    assertThat(settings("controller.yaml", GATE))
        .contains("mode: gate", "portalUrl: https://portal.vdi.example.com");
    assertThat(
            settings(
                "controller.yaml",
                "--set=gate.enabled=true,gate.publicUrl=https://portal.vdi.example.com,config.access.mode=basic"))
        .contains("mode: basic");
    assertThat(settings("gate.yaml", EVERYTHING))
        .contains("clientSecretFile: /etc/vdi/oidc/clientSecret", "issuer: https://login")
        .doesNotContain("existingSecret", "replicas", "enabled");
  }

  @Test
  void onlyTheRouterReachesTheGateAndTheGateReachesItsProvider() {
    List<JsonObject> policies =
        render(
            Stream.concat(
                    Stream.of(EVERYTHING),
                    Stream.of(
                        "--show-only=templates/networkpolicies.yaml",
                        "--set=config.network.routerFrom[0].ipBlock.cidr=192.0.2.1/32"))
                .toArray(String[]::new));
    JsonObject spec =
        policies.stream()
            .filter(policy -> name(policy).equals("vdi-gate"))
            .findFirst()
            .orElseThrow()
            .getAsJsonObject("spec");
    assertThat(spec.getAsJsonArray("ingress").get(1).toString())
        .contains(
            "\"portal\"",
            "\"forward-auth\"",
            "\"from\":[{\"ipBlock\":{\"cidr\":\"192.0.2.1/32\"}}]");
    assertThat(spec.getAsJsonArray("egress").toString()).contains("\"port\":8443");
  }

  @Test
  void theSecretsOfNoticesAreFilesAndThePortsOfTheirReceiversAreOpen() {
    assertThat(settings("reaper.yaml", EVERYTHING))
        .contains(
            "url: https://events.example.com:9443/vdi",
            "passwordFile: /etc/vdi/notices/smtp-password",
            "usernameFile: /etc/vdi/notices/smtp-username",
            "urlFile: /etc/vdi/notices/chat-url")
        .doesNotContain("existingSecret", "tokenFile");
    List<JsonObject> objects = render(EVERYTHING);
    assertThat(named(objects, "Deployment", "vdi-reaper").toString())
        .contains(
            "\"mountPath\":\"/etc/vdi/notices\"",
            "\"name\":\"mail-account\"",
            "\"name\":\"chat\"",
            "checksum/notices");
    assertThat(
            named(objects, "NetworkPolicy", "vdi-reaper")
                .getAsJsonObject("spec")
                .getAsJsonArray("egress")
                .toString())
        .contains("\"port\":9443", "\"port\":587", "\"port\":443");
    assertThat(settings("reaper.yaml")).doesNotContain("notices");
  }

  private static JsonObject named(List<JsonObject> objects, String kind, String name) {
    return objects.stream()
        .filter(object -> object.get("kind").getAsString().equals(kind))
        .filter(object -> name(object).equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void thePortalHasARouteOfTheConfiguredKind() {
    Map<String, String> kinds =
        Map.of("traefik", "IngressRoute", "ingress", "Ingress", "gateway", "HTTPRoute");
    for (String kind : kinds.keySet()) {
      List<JsonObject> routes =
          render(
              Stream.concat(
                      Stream.of(GATE),
                      Stream.of(
                          "--show-only=templates/gate-route.yaml",
                          "--set=config.ingress.gateway.parentRefs[0].name=inner",
                          "--set=config.ingress.kind=" + kind))
                  .toArray(String[]::new));
      assertThat(routes).hasSize(1);
      assertThat(routes.getFirst().get("kind").getAsString()).isEqualTo(kinds.get(kind));
      assertThat(routes.toString()).contains("portal.vdi.example.com", "\"vdi-gate\"");
    }
  }

  private String settings(String file, String... values) {
    List<String> flags = new ArrayList<>(List.of(values));
    flags.add("--show-only=templates/configmap.yaml");
    return render(flags.toArray(String[]::new))
        .getFirst()
        .getAsJsonObject("data")
        .get(file)
        .getAsString();
  }

  private static String name(JsonObject object) {
    return object.getAsJsonObject("metadata").get("name").getAsString();
  }

  @Test
  void coturnTakesAnExistingSecretWithoutReadingIt() {
    List<JsonObject> objects =
        render(
            "--show-only=templates/coturn.yaml",
            "--set=coturn.enabled=true,config.turn.host=x,config.turn.secretName=mine",
            "--set=coturn.allowedPeers={10.0.0.1}");
    assertThat(objects.toString()).doesNotContain("static-auth-secret=\\n").contains("mine");
    List<JsonObject> secrets =
        objects.stream().filter(it -> it.get("kind").getAsString().equals("Secret")).toList();
    assertThat(secrets).hasSize(1);
    assertThat(secrets.getFirst().toString()).doesNotContain("static-auth-secret");
    assertThat(podSpecs(objects).getFirst().getAsJsonArray("volumes").toString())
        .contains("{\"secretName\":\"mine\",\"defaultMode\":288}");
  }

  @Test
  void theCrdsSurviveInstallUpgradeRollbackAndUninstall() {
    String[] common = {"vdi-operator", CHART, "-n", namespace};
    // Other tests may have applied the CRDs with kubectl already.
    helm.run(with("install", common, "--take-ownership"));
    assertThat(config()).contains("domain: vdi.example.com");
    helm.run(with("upgrade", common, "--set", "config.domain=desks.example.org"));
    assertThat(config()).contains("domain: desks.example.org");
    helm.run("rollback", "vdi-operator", "1", "-n", namespace);
    assertThat(config()).contains("domain: vdi.example.com");
    helm.run("uninstall", "vdi-operator", "-n", namespace);
    assertTrue(
        api.request("GET", "/api/v1/namespaces/" + namespace + "/configmaps/vdi-config", null)
            .isNotFound());
    for (String kind : List.of("vdisessions", "vditemplates", "vdiusages")) {
      String path =
          "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/" + kind + ".vdi.kasm.io";
      JsonObject metadata =
          api.request("GET", path, null).orElseThrow().getAsJsonObject("metadata");
      assertThat(metadata.keySet()).as(kind).doesNotContain("deletionTimestamp");
    }
  }

  private static String[] with(String verb, String[] common, String... more) {
    List<String> all = new ArrayList<>(List.of(verb));
    all.addAll(List.of(common));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }

  private String config() {
    return api.request("GET", "/api/v1/namespaces/" + namespace + "/configmaps/vdi-config", null)
        .orElseThrow()
        .getAsJsonObject("data")
        .get("controller.yaml")
        .getAsString();
  }

  private List<JsonObject> render(String... values) {
    List<String> flags = new ArrayList<>(List.of(values));
    flags.add("--set=coturn.namespace=" + namespace);
    return Manifests.parse(
        helm.template(ChartTemplates.CHART, namespace, flags.toArray(String[]::new)));
  }

  private String collection(JsonObject object) {
    String version = object.get("apiVersion").getAsString();
    String plural = COLLECTIONS.get(object.get("kind").getAsString());
    String in =
        object.getAsJsonObject("metadata").has("namespace") || Set.of("roles").contains(plural)
            ? "/namespaces/" + namespace
            : "";
    return (version.equals("v1") ? "/api/v1" : "/apis/" + version) + in + "/" + plural;
  }
}
