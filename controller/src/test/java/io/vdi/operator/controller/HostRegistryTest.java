package io.vdi.operator.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.VdiSession;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class HostRegistryTest {
  private final HostRegistry hosts = new HostRegistry();

  @Test
  void theFirstKeepsItTheSecondGetsAHash() {
    VdiSession first = session("a", "desk", "alice@example.com");
    VdiSession second = session("b", "desk", "alice@other.org");
    assertEquals("alice", hosts.hostFor(first, Optional.empty()));
    String distinct = hosts.hostFor(second, Optional.empty());
    assertTrue(distinct.matches("alice-[0-9a-f]{8}"), distinct);
    hosts.release(first.uid());
    assertEquals(distinct, hosts.hostFor(second, Optional.empty()));
  }

  @Test
  void whatIsKnownIsTakenOver() {
    VdiSession first = session("a", "desk", "alice@example.com");
    VdiSession second = session("b", "desk", "alice@other.org");
    String distinct = new HostRegistry().hostFor(second, Optional.empty());
    assertEquals("alice", distinct);
    hosts.hostFor(first, Optional.empty());
    String hashed = hosts.hostFor(second, Optional.empty());
    HostRegistry afterRestart = new HostRegistry();
    assertEquals(hashed, afterRestart.hostFor(second, Optional.of(hashed)));
    assertEquals("alice", afterRestart.hostFor(first, Optional.of("alice")));
  }

  @Test
  void aHostThatIsNotOnesOwnIsNotBelieved() {
    VdiSession eve = session("a", "desk", "eve@example.com");
    assertEquals("eve", hosts.hostFor(eve, Optional.of("alice")));
    VdiSession alice = session("b", "desk", "alice@example.com");
    assertEquals("alice", hosts.hostFor(alice, Optional.empty()));
    VdiSession other = session("c", "desk", "alice@evil.org");
    assertNotEquals("alice", hosts.hostFor(other, Optional.of("alice")));
  }

  @Test
  void aThousandSessionsAtOnceNeverShareOne() {
    Set<String> given = ConcurrentHashMap.newKeySet();
    IntStream.range(0, 1000)
        .parallel()
        .forEach(i ->
            assertTrue(
                given.add(
                    hosts.hostFor(
                        session("ns" + i, "desk", "alice@d" + i + ".com"), Optional.empty()))));
  }

  private static VdiSession session(String namespace, String name, String user) {
    return KubeGson.gson()
        .fromJson(
            """
            {"metadata": {"name": "%s", "namespace": "%s", "uid": "%s"}, "spec": {"user": "%s"}}
            """
                .formatted(name, namespace, namespace + name, user),
            VdiSession.class);
  }
}
