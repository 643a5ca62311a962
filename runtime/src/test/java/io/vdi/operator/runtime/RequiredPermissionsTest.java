package io.vdi.operator.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vdi.operator.common.kube.RequiredPermission;
import io.vdi.operator.common.model.WatchedNamespaces;
import java.util.List;
import org.junit.jupiter.api.Test;

class RequiredPermissionsTest {
  @Test
  void allRolesOfTheServiceInItsJarCount() {
    assertThat(RequiredPermissions.of("recording", "vdi-system", WatchedNamespaces.ALL))
        .extracting(RequiredPermission::toString)
        .containsExactly(
            "list nodes",
            "list pods",
            "list services",
            "update leases.coordination.k8s.io in namespace vdi-system");
  }

  @Test
  void thePermissionsForSessionsAreNeededInTheWatchedNamespacesOnly() {
    assertThat(
            RequiredPermissions.of(
                "recording", "vdi-system", WatchedNamespaces.of(List.of("b", "a"))))
        .extracting(RequiredPermission::toString)
        .containsExactly(
            "list nodes",
            "list pods in namespace a",
            "list services in namespace a",
            "list pods in namespace b",
            "list services in namespace b",
            "update leases.coordination.k8s.io in namespace vdi-system");
  }

  @Test
  void aServiceWithoutRolesInItsJarIsAnError() {
    assertThatThrownBy(() -> RequiredPermissions.of("no-such-service", "x", WatchedNamespaces.ALL))
        .hasMessage("the jar has no roles/no-such-service.yaml");
  }
}
