package io.vdi.operator.controller.session;

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

class HostAllocatorTest {
  private final HostAllocator hosts = new HostAllocator();

  @Test
  void theFirstKeepsItTheSecondGetsAHash() {
    VdiSession first = session("a", "desk", "alice@example.com");
    VdiSession second = session("b", "desk", "alice@other.org");
    assertEquals("alice", hosts.claim(first, Optional.empty()));
    String distinct = hosts.claim(second, Optional.empty());
    assertTrue(distinct.matches("alice-[0-9a-f]{8}"), distinct);
    hosts.release(first.uid());
    assertEquals(distinct, hosts.claim(second, Optional.empty()));
  }

  @Test
  void whatIsKnownIsTakenOver() {
    VdiSession first = session("a", "desk", "alice@example.com");
    VdiSession second = session("b", "desk", "alice@other.org");
    String distinct = new HostAllocator().claim(second, Optional.empty());
    assertEquals("alice", distinct);
    hosts.claim(first, Optional.empty());
    String hashed = hosts.claim(second, Optional.empty());
    HostAllocator afterRestart = new HostAllocator();
    assertEquals(hashed, afterRestart.claim(second, Optional.of(hashed)));
    assertEquals("alice", afterRestart.claim(first, Optional.of("alice")));
  }

  @Test
  void aHostThatIsNotOnesOwnIsNotBelieved() {
    VdiSession eve = session("a", "desk", "eve@example.com");
    assertEquals("eve", hosts.claim(eve, Optional.of("alice")));
    VdiSession alice = session("b", "desk", "alice@example.com");
    assertEquals("alice", hosts.claim(alice, Optional.empty()));
    VdiSession other = session("c", "desk", "alice@evil.org");
    assertNotEquals("alice", hosts.claim(other, Optional.of("alice")));
  }

  @Test
  void aThousandSessionsAtOnceNeverShareOne() {
    Set<String> given = ConcurrentHashMap.newKeySet();
    IntStream.range(0, 1000)
        .parallel()
        .forEach(i ->
            assertTrue(
                given.add(
                    hosts.claim(
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
