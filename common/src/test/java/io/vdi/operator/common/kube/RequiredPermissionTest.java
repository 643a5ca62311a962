package io.vdi.operator.common.kube;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.common.model.WatchedNamespaces;
import org.junit.jupiter.api.Test;

class RequiredPermissionTest {
  @Test
  void eachVerbOnEachResourceOfARuleIsOnePermission() {
    assertThat(
            RequiredPermission.ofService(
                role(
                    """
                    {"apiGroups": [""], "resources": ["pods", "services"],
                     "verbs": ["list", "watch"]},
                    {"apiGroups": ["vdi.kasm.io"], "resources": ["vdisessions/status"],
                     "verbs": ["patch"]}
                    """),
                "",
                WatchedNamespaces.ALL))
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
            RequiredPermission.ofService(
                role(
                    """
                    {"apiGroups": [""], "resources": ["secrets"],
                     "resourceNames": ["one", "two"], "verbs": ["get"]}
                    """),
                "vdi-system",
                WatchedNamespaces.ALL))
        .containsExactly(
            new RequiredPermission("get", "", "secrets", "one", "vdi-system"),
            new RequiredPermission("get", "", "secrets", "two", "vdi-system"))
        .extracting(RequiredPermission::toString)
        .first()
        .isEqualTo("get secrets one in namespace vdi-system");
  }

  @Test
  void anAccessReviewNamesTheSubresourceSeparately() {
    JsonObject attributes =
        new RequiredPermission("patch", "vdi.kasm.io", "vdisessions/status", "", "desks")
            .resourceAttributes();
    assertThat(attributes)
        .isEqualTo(
            JsonParser.parseString(
                """
                {"verb": "patch", "group": "vdi.kasm.io", "resource": "vdisessions",
                 "subresource": "status", "name": "", "namespace": "desks"}
                """));
  }

  private static JsonObject role(String rules) {
    return JsonParser.parseString(
            "{\"cluster\": [], \"sessions\": [], \"operator\": [" + rules + "]}")
        .getAsJsonObject();
  }
}
