package io.vdi.operator.gate.revocation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.testing.FakeApiServer;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class RevocationStoreTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final Holder ALICE =
      new Holder("s1", Optional.empty(), "a", "alice@example.com", NOW, NOW.plusSeconds(60));

  private final FakeApiServer server = FakeApiServer.start();
  private final KubeClient api = server.client();
  private final RevocationStore one = new RevocationStore(api, "vdi", () -> NOW, () -> NOW);
  private final RevocationStore two = new RevocationStore(api, "vdi", () -> NOW, () -> NOW);

  @AfterEach
  void stop() {
    one.cache().close();
    two.cache().close();
    api.close();
    server.close();
  }

  @Test
  @DisplayName("before the first list no replica knows that a sign-in has not ended")
  void unknown() {
    assertThat(one.current()).isEmpty();
  }

  @Test
  @DisplayName("a revocation applies at once here, and on the other replica by its watch")
  void shared() {
    AtomicInteger changes = new AtomicInteger();
    two.onChange(changes::incrementAndGet);
    one.cache().start();
    two.cache().start();
    await().until(() -> one.current().isPresent() && two.current().isPresent());
    server.pauseWatches(true);
    assertThat(one.revoke(new Revocation.OfSignIn("s1"), NOW.plusSeconds(60)).ok()).contains(true);
    assertThat(one.current().orElseThrow().cover(ALICE)).isTrue();
    assertThat(two.current().orElseThrow().cover(ALICE)).isFalse();
    server.pauseWatches(false);
    await().until(() -> two.current().orElseThrow().cover(ALICE));
    assertThat(changes).hasPositiveValue();
    // The second one changes a ConfigMap that exists, and keeps the first.
    assertThat(two.revoke(new Revocation.OfSignIn("s2"), NOW.plusSeconds(60)).ok()).contains(true);
    await().until(() -> one.current().orElseThrow().data().size() == 2);
  }

  @Test
  @DisplayName("a revocation that cannot be stored is a failure")
  void failure() {
    one.cache().start();
    server.reject(request -> !request.method().equals("GET"), 500, "InternalError", "no");
    assertThat(one.revoke(new Revocation.OfSignIn("s1"), NOW.plusSeconds(60)).ok()).isEmpty();
  }
}
