package io.vdi.operator.cli.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vdi.operator.cli.FakeCluster;
import io.vdi.operator.common.model.DesktopCredentials;
import io.vdi.operator.common.model.VdiSession;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SessionSecretTest {
  private static final String SECRET = FakeCluster.core("secrets", "vdi-auth-alice");

  private final FakeCluster server = new FakeCluster();
  private final ClusterAccess cluster = server.connect();

  @BeforeEach
  void session() {
    server
        .put(FakeCluster.session("alice"), "spec: {user: alice@example.com, template: ubuntu}")
        .put(
            FakeCluster.template("ubuntu"),
            "spec: {image: i, env: [{name: SELKIES_BASIC_AUTH_USER, value: student}]}");
  }

  @AfterEach
  void close() {
    cluster.close();
    server.close();
  }

  private VdiSession alice() {
    return cluster.session("alice");
  }

  @Test
  void credentialsAreThoseOfSecretAndTemplate() {
    server.put(SECRET, "data: {password: c2VjcmV0}");
    assertThat(SessionSecret.credentials(cluster, alice(), cluster.template("ubuntu")))
        .isEqualTo(new DesktopCredentials("student", "secret"));
    assertThat(SessionSecret.credentials(cluster, alice(), Optional.empty()))
        .isEqualTo(new DesktopCredentials("ubuntu", "secret"));
  }

  @Test
  void withoutPasswordItFails() {
    assertThatThrownBy(() -> SessionSecret.credentials(cluster, alice(), Optional.empty()))
        .isInstanceOf(CliException.Failed.class)
        .hasMessage("the session has no password yet");
    server.put(SECRET, "data: {other: c2VjcmV0}");
    assertThatThrownBy(() -> SessionSecret.credentials(cluster, alice(), Optional.empty()))
        .hasMessage("the session has no password yet");
  }

  @Test
  void withoutPermissionItIsRejected() {
    server.reject("GET " + SECRET, 403, "secrets is forbidden");
    assertThatThrownBy(() -> SessionSecret.credentials(cluster, alice(), Optional.empty()))
        .isInstanceOf(CliException.ApiRejected.class);
  }

  @Test
  void readsOneKey() {
    server.put(SECRET, "data: {turn-username: MTIzOmFiYw==}");
    assertThat(SessionSecret.value(cluster, alice(), "turn-username")).contains("123:abc");
    assertThat(SessionSecret.value(cluster, alice(), "turn-password")).isEmpty();
  }
}
