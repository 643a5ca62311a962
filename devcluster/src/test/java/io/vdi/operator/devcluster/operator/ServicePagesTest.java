package io.vdi.operator.devcluster.operator;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ServicePagesTest {
  private static final String METRICS =
      """
      # HELP vdi_leader Whether this replica is the leader
      # TYPE vdi_leader gauge
      vdi_leader{scope="application",} 1.0
      vdi_leader_since 7.0
      vdi_reconcile_seconds_count{result="ok"} 3.0
      vdi_reconcile_seconds_count{result="error, again"} 2.0
      vdi_queue_depth 4
      """;

  @Test
  void sumsMetricOverItsLabels() {
    assertThat(ServicePages.sum(METRICS, "vdi_leader")).isEqualTo(1);
    assertThat(ServicePages.sum(METRICS, "vdi_reconcile_seconds_count")).isEqualTo(5);
    assertThat(ServicePages.sum(METRICS, "vdi_queue_depth")).isEqualTo(4);
  }

  @Test
  void missingMetricIsZero() {
    assertThat(ServicePages.sum(METRICS, "vdi_queue")).isZero();
    assertThat(ServicePages.sum("", "vdi_leader")).isZero();
  }

  @Test
  void readsPageOfServiceOnly() throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/page",
        exchange -> {
          byte[] body = "content".getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    int port = server.getAddress().getPort();
    try {
      assertThat(ServicePages.get(port, "/page").map(HttpResponse::body)).contains("content");
    } finally {
      server.stop(0);
    }
    assertThat(ServicePages.get(port, "/page")).isEmpty();
  }
}
