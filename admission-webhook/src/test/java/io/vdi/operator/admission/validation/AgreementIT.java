package io.vdi.operator.admission.validation;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.operator.ChartInstaller;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The schema and the webhook contain the same rules. For each row of a table both must give the
 * same verdict. The API server is called by dry runs, without a webhook.
 */
@ExtendWith(ClusterExtension.class)
class AgreementIT {
  private static final String SESSIONS = "/apis/vdi.kasm.io/v1alpha1/namespaces/%s/vdisessions";

  private static final String TEMPLATES = "/apis/vdi.kasm.io/v1alpha1/vditemplates";

  private final KubeClient api;
  private final String namespace;

  AgreementIT(KubeClient api, TestNamespace namespace) {
    this.api = api;
    this.namespace = namespace.name();
  }

  @BeforeAll
  static void install(Cluster cluster) {
    new ChartInstaller(cluster, Path.of("../charts/vdi-operator"), "vdi-system")
        .installController();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          good | {user: a@b.cc, template: t}
          good | {user: "+'ä💻@b.cc", template: t}
          good | {user: a@b.cc, template: t, resources: {gpu: 1, memory: 1Gi, cpu: 100m}}
          good | {user: a@b.cc, template: t, resources: {memory: "1e3", cpu: "0.5"}}
          good | {user: a@b.cc, template: t, timeout: 1h30m, idleTimeout: 45s, suspended: true}
          good | {user: a@b.cc, template: t, persistence: {enabled: false, size: 1Ti, storageClassName: x, reclaimPolicy: Retain}}
          good | {user: a@b.cc, template: a.b-c, unknown: 1}
          bad  | {template: t}
          bad  | {user: a@b.cc}
          bad  | {user: '', template: t}
          bad  | {user: alice, template: t}
          bad  | {user: alice@example, template: t}
          bad  | {user: 'alice @example.com', template: t}
          bad  | {user: 7, template: t}
          bad  | {user: a@b.cc, template: ''}
          bad  | {user: a@b.cc, template: Not_A_Name}
          bad  | {user: a@b.cc, template: -t}
          bad  | {user: a@b.cc, template: [t]}
          bad  | {user: a@b.cc, template: t, resources: 1}
          bad  | {user: a@b.cc, template: t, resources: {gpu: 0}}
          bad  | {user: a@b.cc, template: t, resources: {gpu: -1}}
          bad  | {user: a@b.cc, template: t, resources: {gpu: 1.5}}
          bad  | {user: a@b.cc, template: t, resources: {gpu: '1'}}
          bad  | {user: a@b.cc, template: t, resources: {gpu: 4294967296}}
          bad  | {user: a@b.cc, template: t, resources: {memory: lots}}
          bad  | {user: a@b.cc, template: t, resources: {memory: 0Gi}}
          bad  | {user: a@b.cc, template: t, resources: {memory: -4Gi}}
          bad  | {user: a@b.cc, template: t, resources: {memory: 4}}
          bad  | {user: a@b.cc, template: t, resources: {memory: 4 Gi}}
          bad  | {user: a@b.cc, template: t, resources: {cpu: '0'}}
          bad  | {user: a@b.cc, template: t, resources: {cpu: 10000000000000000000000000000000000}}
          bad  | {user: a@b.cc, template: t, persistence: {size: ''}}
          bad  | {user: a@b.cc, template: t, persistence: {enabled: maybe}}
          bad  | {user: a@b.cc, template: t, persistence: {reclaimPolicy: Keep}}
          bad  | {user: a@b.cc, template: t, persistence: []}
          bad  | {user: a@b.cc, template: t, timeout: 8}
          bad  | {user: a@b.cc, template: t, timeout: 8d}
          bad  | {user: a@b.cc, template: t, timeout: 0h}
          bad  | {user: a@b.cc, template: t, timeout: ''}
          bad  | {user: a@b.cc, template: t, timeout: 30m1h}
          bad  | {user: a@b.cc, template: t, timeout: 11111111111111111h}
          bad  | {user: a@b.cc, template: t, idleTimeout: soon}
          good | {user: a@b.cc, template: t, idleTimeout: 0s}
          bad  | {user: a@b.cc, template: t, idleTimeout: 0h}
          bad  | {user: a@b.cc, template: t, timeout: 0s}
          good | {user: a@b.cc, template: t, idleAction: Delete}
          bad  | {user: a@b.cc, template: t, idleAction: Stop}
          bad  | {user: a@b.cc, template: t, suspended: 'yes'}
          good | {user: a@b.cc, template: t, schedule: []}
          good | {user: a@b.cc, template: t, schedule: [{days: [Mon], start: '08:55', timeZone: UTC}]}
          good | {user: a@b.cc, template: t, schedule: [{days: [Sat, Sun], stop: '00:00', timeZone: UTC, except: ['2026-12-24']}]}
          bad  | {user: a@b.cc, template: t, schedule: {}}
          bad  | {user: a@b.cc, template: t, schedule: [1]}
          bad  | {user: a@b.cc, template: t, schedule: [{days: [Mon], timeZone: UTC}]}
          bad  | {user: a@b.cc, template: t, schedule: [{days: [], stop: '18:00', timeZone: UTC}]}
          bad  | {user: a@b.cc, template: t, schedule: [{days: [Monday], stop: '18:00', timeZone: UTC}]}
          bad  | {user: a@b.cc, template: t, schedule: [{stop: '18:00', timeZone: UTC}]}
          bad  | {user: a@b.cc, template: t, schedule: [{days: [Mon], stop: '18:00'}]}
          bad  | {user: a@b.cc, template: t, schedule: [{days: [Mon], stop: '24:00', timeZone: UTC}]}
          bad  | {user: a@b.cc, template: t, schedule: [{days: [Mon], stop: '8:00', timeZone: UTC}]}
          bad  | {user: a@b.cc, template: t, schedule: [{days: [Mon], stop: 1080, timeZone: UTC}]}
          bad  | {user: a@b.cc, template: t, schedule: [{days: [Mon], stop: '18:00', timeZone: UTC, except: [Christmas]}]}
          good | {user: a@b.cc, template: t, awakeUntil: '2026-11-26T20:00:00Z'}
          bad  | {user: a@b.cc, template: t, awakeUntil: tomorrow}
          good | {user: a@b.cc, template: t, shares: []}
          good | {user: a@b.cc, template: t, shares: [{user: g@b.cc}]}
          good | {user: a@b.cc, template: t, shares: [{user: g@b.cc, role: control, until: '2100-01-01T00:00:00Z'}]}
          bad  | {user: a@b.cc, template: t, shares: {}}
          bad  | {user: a@b.cc, template: t, shares: [g@b.cc]}
          bad  | {user: a@b.cc, template: t, shares: [{role: view}]}
          bad  | {user: a@b.cc, template: t, shares: [{user: guest}]}
          bad  | {user: a@b.cc, template: t, shares: [{user: 7}]}
          bad  | {user: a@b.cc, template: t, shares: [{user: A@b.cc}]}
          bad  | {user: a@b.cc, template: t, shares: [{user: g@b.cc}, {user: g@b.cc}]}
          bad  | {user: a@b.cc, template: t, shares: [{user: g@b.cc, role: admin}]}
          bad  | {user: a@b.cc, template: t, shares: [{user: g@b.cc, until: tomorrow}]}
          bad  | {user: a@b.cc, template: t, shares: [{user: 'link:g@b.cc', until: '2100-01-01T00:00:00Z'}]}
          bad  | {user: a@b.cc, template: t, shares: [{user: 'link:AAAA', until: '2100-01-01T00:00:00Z'}]}
          bad  | {user: a@b.cc, template: t, shares: [{user: 'link:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'}]}
          bad  | {user: a@b.cc, template: t, shares: [{user: 'link:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', role: control, until: '2100-01-01T00:00:00Z'}]}
          bad  | []
          """)
  void aNewSession(String verdict, String spec) {
    assertVerdicts(verdict, "desk", spec);
  }

  @ParameterizedTest
  @CsvSource({
    "good, a",
    "good, a-1",
    "bad, 1a",
    "bad, a.b",
    "bad, a-",
    "bad, A",
    "good, aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg",
    "bad, aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg"
  })
  void aName(String verdict, String name) {
    assertVerdicts(verdict, name, "{user: a@b.cc, template: t}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          good | {user: a@b.cc, template: t}                            | {user: a@b.cc, template: t, timeout: 9h}
          good | {user: a@b.cc, template: t, persistence: {size: 2Gi}}  | {user: a@b.cc, template: t, persistence: {size: 2048Mi}}
          good | {user: a@b.cc, template: t, persistence: {size: 2Gi}}  | {user: a@b.cc, template: t, persistence: {size: 3Gi}}
          good | {user: a@b.cc, template: t}                            | {user: a@b.cc, template: t, persistence: {size: 1Gi}}
          bad  | {user: a@b.cc, template: t}                            | {user: b@b.cc, template: t}
          bad  | {user: a@b.cc, template: t}                            | {user: a@b.cc, template: u}
          good | {user: a@b.cc, template: t, persistence: {size: 2Gi}}  | {user: a@b.cc, template: t, persistence: {size: 2G}}
          good | {user: a@b.cc, template: t, persistence: {size: 2Gi}}  | {user: a@b.cc, template: t}
          bad  | {user: a@b.cc, template: t}                            | {user: a@b.cc, template: t, persistence: {storageClassName: x}}
          bad  | {user: a@b.cc, template: t, persistence: {storageClassName: x}} | {user: a@b.cc, template: t, persistence: {storageClassName: y}}
          bad  | {user: a@b.cc, template: t, persistence: {storageClassName: x}} | {user: a@b.cc, template: t}
          """)
  void aChange(String verdict, String before, String now) {
    String name = "change-" + Integer.toHexString((before + now).hashCode());
    JsonObject old =
        api.request("POST", SESSIONS.formatted(namespace), object(name, before)).orElseThrow();
    JsonObject changed = old.deepCopy();
    changed.add("spec", object(name, now).get("spec"));
    ApiResult<JsonObject> answer =
        api.request("PUT", SESSIONS.formatted(namespace) + "/" + name + "?dryRun=All", changed);
    assertThat(answer.ok().isPresent() ? "good" : "bad")
        .as("API server: %s", answer)
        .isEqualTo(verdict);
    assertThat(verdict(Requests.update(changed, old))).as("webhook").isEqualTo(verdict);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          good | {image: x, flavor: selkies, port: 9000, healthPath: /h, transport: dual, encoder: jpeg}
          good | {image: x, flavor: selkies1, encoder: jpeg}
          good | {image: x, flavor: linuxserver, port: 9000, homePath: /data}
          good | {image: x, flavor: kasmvnc}
          good | {image: x, idleOn: Disconnect}
          good | {image: x, idleOn: NoInput}
          bad  | {image: x, idleOn: noInput}
          bad  | {image: x, idleOn: true}
          good | {image: x, flavor: custom, custom: {port: 80, passwordEnv: P}}
          good | {image: x, flavor: custom, custom: {port: 80, scheme: https, user: a@b.c, userEnv: U, passwordEnv: P, healthPath: /h}}
          bad  | {image: x, flavor: webtop}
          bad  | {image: x, flavor: 1}
          bad  | {image: x, custom: {port: 80, passwordEnv: P}}
          bad  | {image: x, flavor: kasmvnc, custom: {port: 80, passwordEnv: P}}
          bad  | {image: x, flavor: custom}
          bad  | {image: x, flavor: custom, custom: {passwordEnv: P}}
          bad  | {image: x, flavor: custom, custom: {port: 80}}
          bad  | {image: x, flavor: custom, custom: {port: 0, passwordEnv: P}}
          bad  | {image: x, flavor: custom, custom: {port: 65536, passwordEnv: P}}
          bad  | {image: x, flavor: custom, custom: {port: '80', passwordEnv: P}}
          bad  | {image: x, flavor: custom, custom: {port: 80, scheme: tcp, passwordEnv: P}}
          bad  | {image: x, flavor: custom, custom: {port: 80, user: 'a:b', passwordEnv: P}}
          bad  | {image: x, flavor: custom, custom: {port: 80, user: '', passwordEnv: P}}
          bad  | {image: x, flavor: custom, custom: {port: 80, passwordEnv: 'P W'}}
          bad  | {image: x, flavor: custom, custom: {port: 80, passwordEnv: NVIDIA_X}}
          bad  | {image: x, flavor: custom, custom: {port: 80, passwordEnv: P, userEnv: P}}
          bad  | {image: x, flavor: custom, custom: {port: 80, passwordEnv: P, healthPath: h}}
          bad  | {image: x, flavor: custom, port: 80, custom: {port: 80, passwordEnv: P}}
          bad  | {image: x, flavor: custom, healthPath: /h, custom: {port: 80, passwordEnv: P}}
          bad  | {image: x, flavor: custom, encoder: x, custom: {port: 80, passwordEnv: P}}
          bad  | {image: x, flavor: custom, transport: dual, custom: {port: 80, passwordEnv: P}}
          bad  | {image: x, flavor: selkies1, healthPath: /health}
          bad  | {image: x, flavor: linuxserver, healthPath: /}
          bad  | {image: x, flavor: kasmvnc, transport: webrtc}
          bad  | {image: x, flavor: selkies1, transport: websockets}
          bad  | {image: x, flavor: kasmvnc, encoder: jpeg}
          """)
  void aFlavor(String verdict, String spec) {
    JsonObject template = template("flavor", spec);
    ApiResult<JsonObject> answer = api.request("POST", TEMPLATES + "?dryRun=All", template);
    assertThat(answer.ok().isPresent() ? "good" : "bad")
        .as("API server: %s", answer)
        .isEqualTo(verdict);
    assertThat(TemplateRules.violations(template, Optional.empty(), List.of()).isEmpty())
        .as("webhook")
        .isEqualTo(verdict.equals("good"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          good | {image: x}                  | {image: y, flavor: selkies}
          good | {image: x, flavor: selkies} | {image: x}
          good | {image: x, flavor: kasmvnc} | {image: y, flavor: kasmvnc}
          bad  | {image: x}                  | {image: x, flavor: kasmvnc}
          bad  | {image: x, flavor: kasmvnc} | {image: x}
          bad  | {image: x, flavor: kasmvnc} | {image: x, flavor: linuxserver}
          good | {image: x, flavor: custom, custom: {port: 80, passwordEnv: P}} | {image: x, flavor: custom, custom: {port: 81, passwordEnv: Q, scheme: http}}
          bad  | {image: x, flavor: custom, custom: {port: 80, passwordEnv: P}} | {image: x, flavor: custom, custom: {port: 80, passwordEnv: P, scheme: https}}
          """)
  void aChangeOfAFlavor(String verdict, String before, String now) {
    String name = "flavor-" + Integer.toHexString((before + now).hashCode());
    JsonObject old = api.request("POST", TEMPLATES, template(name, before)).orElseThrow();
    JsonObject changed = old.deepCopy();
    changed.add("spec", template(name, now).get("spec"));
    ApiResult<JsonObject> answer =
        api.request("PUT", TEMPLATES + "/" + name + "?dryRun=All", changed);
    assertThat(answer.ok().isPresent() ? "good" : "bad")
        .as("API server: %s", answer)
        .isEqualTo(verdict);
    assertThat(TemplateRules.violations(changed, Optional.of(old), List.of()).isEmpty())
        .as("webhook")
        .isEqualTo(verdict.equals("good"));
  }

  private static JsonObject template(String name, String spec) {
    return Manifests.parse(
            "{apiVersion: vdi.kasm.io/v1alpha1, kind: VDITemplate, metadata: {name: %s}, spec: %s}"
                .formatted(name, spec))
        .getFirst();
  }

  private void assertVerdicts(String verdict, String name, String spec) {
    JsonObject session = object(name, spec);
    ApiResult<JsonObject> answer =
        api.request("POST", SESSIONS.formatted(namespace) + "?dryRun=All", session);
    assertThat(answer.ok().isPresent() ? "good" : "bad")
        .as("API server: %s", answer)
        .isEqualTo(verdict);
    assertThat(verdict(Requests.create(session, Requests.ADMIN))).as("webhook").isEqualTo(verdict);
  }

  /** The verdict of the rules alone: every template exists. */
  private static String verdict(AdmissionRequest request) {
    AdmissionContext context =
        new AdmissionContext(
            Optional.of(Requests.cluster("{image: x}").template()),
            Optional.empty(),
            List.of(),
            false,
            false,
            Requests.NOW);
    return SessionAdmission.validate(request, context, Requests.POLICY) instanceof Response.Deny
        ? "bad"
        : "good";
  }

  private static JsonObject object(String name, String spec) {
    return Manifests.parse(
            "{apiVersion: vdi.kasm.io/v1alpha1, kind: VDISession, metadata: {name: %s}, spec: %s}"
                .formatted(name, spec))
        .getFirst();
  }
}
