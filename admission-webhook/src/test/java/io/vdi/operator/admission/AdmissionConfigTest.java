package io.vdi.operator.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vdi.operator.admission.AdmissionConfig.CertificateMode;
import io.vdi.operator.common.identity.Identity;
import io.vdi.operator.common.identity.IdentityMapping;
import io.vdi.operator.common.quota.QuotaLimits;
import io.vdi.operator.runtime.config.ConfigLoader;
import io.vdi.operator.runtime.config.InvalidConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AdmissionConfigTest {
  @TempDir private Path directory;

  @Test
  void theDefaultsAreValid() throws Exception {
    AdmissionConfig config = read("{}", Map.of());
    assertThat(config.policy().identity().mode()).isEqualTo(Identity.Mode.ENFORCE);
    assertThat(config.policy().identity().exemptUsers())
        .contains("system:serviceaccount:" + config.namespace() + ":vdi-controller");
    assertThat(config.quota().mode()).isEqualTo(QuotaLimits.Mode.REJECT);
    assertThat(config.admission().maxConcurrentRequests()).isEqualTo(256);
    assertThat(config.certificates().mode()).isEqualTo(CertificateMode.OWN);
    assertThat(config.certificates().settings().dnsNames())
        .containsExactly(
            "vdi-admission-webhook." + config.namespace() + ".svc",
            "vdi-admission-webhook." + config.namespace() + ".svc.cluster.local");
  }

  @Test
  void everySettingIsRead() throws Exception {
    AdmissionConfig config =
        read(
            """
            namespace: desktops
            identity: {mode: warn, adminGroups: [admins], operatorAccounts: [me],
              users: [{name: alice, email: alice@example.com}], extraKey: email, prefix: "oidc:"}
            templates: {allowedRegistries: [ghcr.io/desks]}
            admission: {maxConcurrentRequests: 7, maxConnections: 8, maxReservationsPerUser: 9,
              deadline: 1s, readTimeout: 2s, idleTimeout: 3s,
              clientCA: /clients/ca.crt, clientNames: [kube-apiserver]}
            certificates: {mode: files, directory: /tls, dnsNames: [webhook.example.com],
              caDuration: 60h, leafDuration: 9h, propagation: 10h, secret: s, configuration: c}
            """,
            Map.of(
                "vdiConfig_ADMISSION_DRAIN_PERIOD", "0", "vdiConfig_CERTIFICATES_INTERVAL", "9s"));
    assertThat(config.policy().identity())
        .isEqualTo(
            new Identity(
                Identity.Mode.WARN,
                Set.of("admins"),
                Set.of("system:serviceaccount:desktops:me"),
                new IdentityMapping(Map.of("alice", "alice@example.com"), "email", "oidc:")));
    assertThat(config.policy().allowedRegistries()).containsExactly("ghcr.io/desks");
    assertThat(config.admission())
        .isEqualTo(
            new AdmissionConfig.Admission(
                "0.0.0.0",
                8443,
                7,
                8,
                9,
                Duration.ofSeconds(1),
                Duration.ofSeconds(2),
                Duration.ofSeconds(3),
                Duration.ZERO,
                Optional.of(Path.of("/clients/ca.crt")),
                List.of("kube-apiserver")));
    assertThat(config.certificates().mode()).isEqualTo(CertificateMode.FILES);
    assertThat(config.certificates().directory()).isEqualTo(Path.of("/tls"));
    assertThat(config.certificates().location().namespace()).isEqualTo("desktops");
    assertThat(config.certificates().settings().dnsNames()).contains("webhook.example.com");
    assertThat(config.certificates().interval()).isEqualTo(Duration.ofSeconds(9));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          identity: {mode: strict}                   | identity.mode "strict" must be one of enforce, warn, off
          identity: {users: [{name: alice}]}         | identity.users: "alice": each needs a name and an email
          identity: {users: [{email: a@b.cc}]}       | identity.users: "": each needs a name and an email
          quota: {mode: wait}                        | quota.mode "wait" must be one of reject, queue
          quota: {user: {gpus: some}}                | quota.user.gpus "some" must be
          admission: {port: 65536}                   | admission.port "65536" must be a whole number from 0 to 65535
          admission: {maxConcurrentRequests: 0}      | admission.maxConcurrentRequests "0" must be a whole number from 1 to 100000
          admission: {deadline: 0s}                  | admission.deadline "0s" must be a duration
          admission: {deadline: 5s}                  | admission.deadline "5s" must be shorter than the 5 s for which the API server waits
          admission: {maxConnections: 1}             | admission.maxConnections "1" must be a whole number from 2 to 100000
          admission: {maxReservationsPerUser: 0}     | admission.maxReservationsPerUser "0" must be a whole number from 1 to 10000
          admission: {readTimeout: soon}             | admission.readTimeout "soon" must be a duration
          admission: {idleTimeout: 2}                | admission.idleTimeout "2" must be a duration
          admission: {drainPeriod: -1s}              | admission.drainPeriod "-1s" must be a duration
          admission: {clientNames: [kube-apiserver]} | admission.clientNames needs admission.clientCA
          certificates: {mode: none}                 | certificates.mode "none" must be one of own, files
          certificates: {secret: ''}                 | certificates.secret "" must not be empty
          certificates: {configuration: ''}          | certificates.configuration "" must not be empty
          certificates: {caDuration: 1 year}         | certificates.caDuration "1 year" must be a duration
          certificates: {leafDuration: 90d}          | certificates.leafDuration "90d" must be a duration
          certificates: {propagation: 1461h}         | certificates.propagation must be at most a sixth of certificates.caDuration
          certificates: {interval: often}            | certificates.interval "often" must be a duration
          server: {port: http}                       | server.port "http" must be a whole number from 0 to 65535
          """)
  void everyInvalidValueIsNamed(String yaml, String problem) {
    assertThatThrownBy(() -> read(yaml, Map.of()))
        .isInstanceOf(InvalidConfigException.class)
        .hasMessageContaining(problem);
  }

  @Test
  void allProblemsAreReportedTogether() {
    assertThatThrownBy(() -> read("{identity: {mode: x}, admission: {port: -1}}", Map.of()))
        .hasMessageContaining("identity.mode")
        .hasMessageContaining("admission.port");
  }

  @Test
  void formerKeysStillWorkInTheFile() throws Exception {
    assertFormerKeys(
        read(
            """
            admission: {atOnce: 7, drain: 1s}
            certificates: {authorityLife: 60h, servingLife: 9h, folder: /tls, names: [a.example.com]}
            """,
            Map.of()));
  }

  @Test
  void formerKeysStillWorkInTheEnvironment() throws Exception {
    assertFormerKeys(
        read(
            "{}",
            Map.of(
                "vdiConfig_ADMISSION_AT_ONCE", "7",
                "vdiConfig_ADMISSION_DRAIN", "1s",
                "vdiConfig_CERTIFICATES_AUTHORITY_LIFE", "60h",
                "vdiConfig_CERTIFICATES_SERVING_LIFE", "9h",
                "vdiConfig_CERTIFICATES_FOLDER", "/tls",
                "vdiConfig_CERTIFICATES_NAMES", "a.example.com")));
  }

  private static void assertFormerKeys(AdmissionConfig config) {
    assertThat(config.admission().maxConcurrentRequests()).isEqualTo(7);
    assertThat(config.admission().drainPeriod()).isEqualTo(Duration.ofSeconds(1));
    assertThat(config.certificates().directory()).isEqualTo(Path.of("/tls"));
    assertThat(config.certificates().settings().caDuration()).isEqualTo(Duration.ofHours(60));
    assertThat(config.certificates().settings().leafDuration()).isEqualTo(Duration.ofHours(9));
    assertThat(config.certificates().settings().dnsNames()).contains("a.example.com");
  }

  private AdmissionConfig read(String yaml, Map<String, String> environment)
      throws IOException, InvalidConfigException {
    Path file = Files.writeString(directory.resolve("config.yaml"), yaml);
    return AdmissionConfig.from(
        new ConfigLoader(Optional.of(file), environment, AdmissionConfig.RENAMED_KEYS).load());
  }
}
