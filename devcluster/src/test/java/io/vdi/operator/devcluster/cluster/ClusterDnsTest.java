package io.vdi.operator.devcluster.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ClusterDnsTest {
  private static final int A = 1;
  private static final int AAAA = 28;

  private final ClusterDns dns =
      new ClusterDns((namespace, name) ->
          namespace.equals("desks") && name.equals("gate")
              ? Optional.of("10.96.0.200")
              : Optional.empty());

  @Test
  void aServiceHasItsClusterIp() {
    for (String name : new String[] {"gate.desks.svc", "Gate.desks.svc.cluster.local"}) {
      byte[] answer = dns.answer(query(name, A)).orElseThrow();
      assertThat(answer).startsWith(7, 7, 0x85, 0, 0, 1, 0, 1);
      assertThat(answer).endsWith(0, 4, 10, 96, 0, (byte) 200);
    }
  }

  @Test
  void aHeadlessServiceHasTheAddressOfAReadyPod() {
    String slices =
        """
        {"items": [{"endpoints": null}, {"endpoints": [
          {"addresses": ["10.1.0.2"], "conditions": {"ready": false}},
          {"addresses": ["10.1.0.3"], "conditions": {"ready": true}}]}]}
        """;
    assertThat(ClusterDns.readyAddress(JsonParser.parseString(slices).getAsJsonObject()))
        .contains("10.1.0.3");
    assertThat(ClusterDns.readyAddress(JsonParser.parseString("{items: []}").getAsJsonObject()))
        .isEmpty();
  }

  @Test
  void aServiceHasNoAddressOfVersion6() {
    assertThat(dns.answer(query("gate.desks.svc", AAAA)).orElseThrow())
        .startsWith(7, 7, 0x85, 0, 0, 1, 0, 0);
  }

  @Test
  void otherNamesDoNotExist() {
    for (String name : new String[] {"gate.other.svc", "gate.desks", "www.example.com"}) {
      assertThat(dns.answer(query(name, A)).orElseThrow()).startsWith(7, 7, 0x85, 3);
    }
  }

  @Test
  void whatIsNoQueryGetsNoAnswer() {
    assertThat(dns.answer(new byte[3])).isEmpty();
    byte[] query = query("gate.desks.svc", A);
    query[12] = 63;
    assertThat(dns.answer(query)).isEmpty();
  }

  private static byte[] query(String name, int type) {
    ByteArrayOutputStream query = new ByteArrayOutputStream();
    query.writeBytes(new byte[] {7, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0});
    for (String label : name.split("\\.", -1)) {
      query.write(label.length());
      query.writeBytes(label.getBytes(StandardCharsets.US_ASCII));
    }
    query.writeBytes(new byte[] {0, 0, (byte) type, 0, 1});
    return query.toByteArray();
  }
}
