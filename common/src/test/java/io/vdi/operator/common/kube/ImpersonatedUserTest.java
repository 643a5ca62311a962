package io.vdi.operator.common.kube;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.testing.FakeApiServer;
import java.util.Collections;
import java.util.List;
import okhttp3.Request;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImpersonatedUserTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " alice",
        "system:admin",
        "system:serviceaccount:kube-system:default",
        "alice\r\nImpersonate-Group: system:masters",
        "alice\u0000"
      })
  void refusesNames(String name) {
    assertThat(ImpersonatedUser.of(name, List.of())).isEmpty();
    assertThat(ImpersonatedUser.of("alice", List.of("staff", name))).isEmpty();
    assertThat(ImpersonatedUser.refusal(name, List.of())).isPresent();
  }

  @Test
  void refusesTooManyGroupsAndLongNames() {
    assertThat(ImpersonatedUser.of("alice", Collections.nCopies(101, "staff"))).isEmpty();
    assertThat(ImpersonatedUser.of("a".repeat(1025), List.of())).isEmpty();
  }

  @Test
  @DisplayName("each group is a header of its own, and earlier ones are replaced")
  void headers() {
    Request request =
        ImpersonatedUser.of("oidc:jürgen@example.com", List.of("a", "b,c"))
            .orElseThrow()
            .addTo(
                new Request.Builder()
                    .url("http://localhost")
                    .header("Impersonate-User", "root")
                    .header("Impersonate-Group", "system:masters")
                    .build());
    assertThat(request.headers("Impersonate-User")).containsExactly("oidc:jürgen@example.com");
    assertThat(request.headers("Impersonate-Group")).containsExactly("a", "b,c");
  }

  @Test
  @DisplayName("only the calls of the derived client act as the user")
  void client() {
    try (FakeApiServer server = FakeApiServer.start()) {
      KubeClient api = server.client();
      api.actingAs(ImpersonatedUser.of("alice", List.of("staff")).orElseThrow())
          .get(ResourceType.NAMESPACE, "", "a");
      api.get(ResourceType.NAMESPACE, "", "b");
      assertThat(server.requests().getFirst().headers())
          .containsEntry("Impersonate-User", "alice")
          .containsEntry("Impersonate-Group", "staff");
      assertThat(server.requests().getLast().headers()).doesNotContainKey("Impersonate-User");
      api.close();
    }
  }
}
