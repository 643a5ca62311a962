package io.vdi.operator.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class RequiredPermissionsTest {
  @Test
  void eachVerbOnEachResourceOfARuleIsOnePermission() {
    List<RequiredPermission> permissions =
        RequiredPermissions.parse(
            """
            kind: ClusterRole
            rules:
              - apiGroups: [""]
                resources: [pods, services]
                verbs: [list, watch]
              - apiGroups: [vdi.kasm.io]
                resources: [vdisessions/status]
                verbs: [patch]
            """,
            "");
    assertThat(permissions)
        .extracting(RequiredPermission::toString)
        .containsExactly(
            "list pods",
            "watch pods",
            "list services",
            "watch services",
            "patch vdisessions.vdi.kasm.io/status");
  }

  @Test
  void resourceNamesAndTheNamespaceOfARoleNarrowAPermission() {
    assertThat(
            RequiredPermissions.parse(
                """
                kind: Role
                rules:
                  - apiGroups: [""]
                    resources: [secrets]
                    resourceNames: [one, two]
                    verbs: [get]
                """,
                "vdi-system"))
        .containsExactly(
            new RequiredPermission("get", "", "secrets", "one", "vdi-system"),
            new RequiredPermission("get", "", "secrets", "two", "vdi-system"))
        .extracting(RequiredPermission::toString)
        .first()
        .isEqualTo("get secrets one in namespace vdi-system");
  }

  @Test
  void aServiceWithoutRolesInItsJarIsAnError() {
    assertThatThrownBy(() -> RequiredPermissions.of("no-such-service", "x"))
        .hasMessage("the jar has no roles/no-such-service-clusterrole.yaml");
  }
}
