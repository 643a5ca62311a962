package io.vdi.operator.devcluster.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RbacUsageTest {
  private static final String STATUS_PATCH =
      "{\"resource\": \"vdisessions\", \"subresource\": \"status\", \"apiGroup\": \"vdi.kasm.io\"}";
  private static final String PODS = "{\"resource\": \"pods\"}";

  @TempDir Path folder;

  @Test
  void listsEachAllowedPermissionOnce() throws IOException {
    write(
        entry("list", PODS, "allow"),
        entry("patch", STATUS_PATCH, "allow"),
        entry("list", PODS, "allow"));
    assertThat(RbacUsage.of(folder))
        .containsExactly(
            "vdi-controller list  pods", "vdi-controller patch vdi.kasm.io vdisessions/status");
  }

  @Test
  void aRequestInTheNameOfAnotherUserUsesOnlyThePermissionToActAsThatUser() throws IOException {
    String request = entry("list", PODS, "allow");
    write(
        request.replaceFirst("\\{", "{\"impersonatedUser\": {\"username\": \"alice\"}, "),
        request.replaceFirst(
            "\\{", "{\"impersonatedUser\": {\"username\": \"bob\", \"groups\": [\"staff\"]}, "));
    assertThat(RbacUsage.of(folder))
        .containsExactly("vdi-controller impersonate  groups", "vdi-controller impersonate  users");
  }

  @Test
  void skipsForbiddenRequests() throws IOException {
    write(entry("list", PODS, "forbid"));
    assertThat(RbacUsage.of(folder)).isEmpty();
  }

  @Test
  void skipsRequestsWithoutResourceOrDecision() throws IOException {
    write(
        "{\"verb\": \"get\", \"requestURI\": \"/version\", \"annotations\": {}}",
        "{\"verb\": \"list\", \"objectRef\": " + PODS + "}");
    assertThat(RbacUsage.of(folder)).isEmpty();
  }

  private static String entry(String verb, String objectRef, String decision) {
    return """
    {"verb": "%s", "objectRef": %s, "user": {"username": "system:serviceaccount:vdi-system:vdi-controller"},\
     "annotations": {"authorization.k8s.io/decision": "%s"}}\
    """
        .formatted(verb, objectRef, decision);
  }

  private void write(String... entries) throws IOException {
    Files.write(new ApiServerAuditLog(folder).file(), List.of(entries));
  }
}
