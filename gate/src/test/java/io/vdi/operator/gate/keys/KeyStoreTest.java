package io.vdi.operator.gate.keys;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.testing.FakeApiServer;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class KeyStoreTest {
  private static final KeyRing.Settings SETTINGS =
      new KeyRing.Settings(Duration.ofDays(30), Duration.ofHours(10));

  private final FakeApiServer server = FakeApiServer.start();
  private final KubeClient api = server.client();
  private volatile Instant now = Instant.parse("2026-01-01T00:00:00Z");
  private final KeyStore one = store();
  private final KeyStore two = store();

  @AfterEach
  void stop() {
    api.close();
    server.close();
  }

  @Test
  @DisplayName("two replicas that start together use the keys of the one that was first")
  void twoReplicas() {
    boolean[] raced = new boolean[1];
    server.before(
        request -> request.method().equals("POST"),
        () -> {
          if (!raced[0]) {
            raced[0] = true;
            two.refresh();
          }
        });
    one.refresh();
    assertThat(one.error()).isPresent();
    one.refresh();
    assertThat(one.current()).isPresent().isEqualTo(two.current());
  }

  @Test
  @DisplayName("a new key is made in time, and both replicas use it")
  void rotation() {
    one.refresh();
    two.refresh();
    now = now.plus(Duration.ofDays(30)).minus(Duration.ofHours(9));
    two.refresh();
    one.refresh();
    assertThat(one.current().orElseThrow().generations()).hasSize(2);
    assertThat(one.current()).isEqualTo(two.current());
  }

  @Test
  @DisplayName("a Secret that cannot be read as keys is not replaced")
  void damaged() {
    server.put(
        ResourceType.SECRET,
        "{metadata: {name: vdi-gate-keys, namespace: vdi}, data: {'keys.json': 'e30='}}");
    one.refresh();
    assertThat(one.current()).isEmpty();
    assertThat(one.error().orElseThrow())
        .isEqualTo(
            "Secret vdi-gate-keys has no valid keys: restore it, or delete it to end all sign-ins"
                + " and make new keys");
    assertThat(server.requests(request -> !request.method().equals("GET"))).isEmpty();
  }

  @Test
  @DisplayName("keys that were read once stay while the API server does not answer")
  void outage() {
    one.refresh();
    server.reject(request -> true, 503, "ServiceUnavailable", "later");
    one.refresh();
    assertThat(one.current()).isPresent();
    assertThat(one.error()).isEmpty();
  }

  private KeyStore store() {
    return new KeyStore(api, "vdi", "vdi-gate-keys", SETTINGS, () -> now);
  }
}
