package io.vdi.operator.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vdi.operator.common.kube.RequiredPermission;
import org.junit.jupiter.api.Test;

class RequiredPermissionsTest {
  @Test
  void bothRolesOfTheServiceInItsJarCount() {
    assertThat(RequiredPermissions.of("recording", "vdi-system"))
        .extracting(RequiredPermission::toString)
        .containsExactly(
            "list pods",
            "list services",
            "update leases.coordination.k8s.io in namespace vdi-system");
  }

  @Test
  void aServiceWithoutRolesInItsJarIsAnError() {
    assertThatThrownBy(() -> RequiredPermissions.of("no-such-service", "x"))
        .hasMessage("the jar has no roles/no-such-service-clusterrole.yaml");
  }
}
