package io.vdi.operator.gate.ticket;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.testing.FakeApiServer;
import io.vdi.operator.gate.ticket.TicketStore.Redemption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class TicketStoreTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final Instant UNTIL = NOW.plusSeconds(60);

  private final FakeApiServer server = FakeApiServer.start();
  private final KubeClient api = server.client();
  private final TicketStore one = new TicketStore(api, "vdi", () -> NOW);
  private final TicketStore two = new TicketStore(api, "vdi", () -> NOW);

  @AfterEach
  void stop() {
    api.close();
    server.close();
  }

  @Test
  @DisplayName("of ten concurrent uses on two replicas one is the first")
  void once() throws Exception {
    List<Callable<Redemption>> uses = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      uses.add(() -> one.redeem("t", UNTIL).orElseThrow());
      uses.add(() -> two.redeem("t", UNTIL).orElseThrow());
    }
    List<Redemption> results = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<Redemption> result : threads.invokeAll(uses)) {
        results.add(result.get());
      }
    }
    assertThat(results).filteredOn(Redemption.FIRST_USE::equals).hasSize(1);
  }

  @Test
  @DisplayName("a ticket is refused while its use cannot be recorded")
  void failClosed() {
    server.reject(request -> !request.method().equals("GET"), 403, "Forbidden", "no");
    assertThat(one.redeem("t", UNTIL).ok()).isEmpty();
    server.respondNormally();
    server.disconnect(request -> true);
    assertThat(one.redeem("t", UNTIL).ok()).isEmpty();
  }

  @Test
  @DisplayName("expired entries make room; a full record refuses")
  void bounded() {
    server.put(
        ResourceType.CONFIG_MAP,
        "{metadata: {name: vdi-gate-tickets, namespace: vdi}, data: {old: '2025-12-31T00:00:00Z', bad: x}}");
    assertThat(one.redeem("t", UNTIL).orElseThrow()).isEqualTo(Redemption.FIRST_USE);
    assertThat(
            server
                .find(ResourceType.CONFIG_MAP, "vdi", "vdi-gate-tickets")
                .orElseThrow()
                .getAsJsonObject("data")
                .keySet())
        .containsExactly("t");
    UsedTickets used = new UsedTickets(Map.of());
    for (int i = 0; i < 3; i++) {
      used = ((UsedTickets.Use.First) used.use("t" + i, UNTIL, NOW)).next();
    }
    assertThat(used.use("t0", UNTIL, NOW)).isInstanceOf(UsedTickets.Use.Again.class);
  }
}
