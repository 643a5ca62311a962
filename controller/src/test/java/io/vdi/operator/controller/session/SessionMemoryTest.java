package io.vdi.operator.controller.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SessionMemoryTest {
  private final List<String> forgotten = new ArrayList<>();
  private final SessionMemory memory = new SessionMemory(new Random(1), forgotten::add);

  @Test
  void aSessionKeepsItsEntry() {
    SessionMemory.Entry entry = memory.of(session("desk", "u1"));
    assertThat(memory.of(session("desk", "u1"))).isSameAs(entry);
    assertThat(memory.of(session("other", "u2"))).isNotSameAs(entry);
    assertThat(forgotten).isEmpty();
  }

  @Test
  void aDeletedSessionIsForgottenOnce() {
    memory.of(session("desk", "u1"));
    memory.forget(new SessionKey("desks", "desk"));
    memory.forget(new SessionKey("desks", "desk"));
    assertThat(forgotten).containsExactly("u1");
    assertThat(memory.size()).isZero();
  }

  @Test
  void aNewSessionOfTheSameNameStartsWithoutMemory() {
    SessionMemory.Entry old = memory.of(session("desk", "u1"));
    assertThat(memory.of(session("desk", "u2"))).isNotSameAs(old);
    assertThat(forgotten).containsExactly("u1");
    assertThat(memory.size()).isEqualTo(1);
  }

  private static VdiSession session(String name, String uid) {
    return KubeGson.gson()
        .fromJson(
            """
            {"metadata": {"name": "%s", "namespace": "desks", "uid": "%s"}}
            """
                .formatted(name, uid),
            VdiSession.class);
  }
}
