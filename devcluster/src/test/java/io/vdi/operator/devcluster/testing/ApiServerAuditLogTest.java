package io.vdi.operator.devcluster.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.devcluster.cluster.Manifests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ApiServerAuditLogTest {
  private ApiServerAuditLog log;

  @BeforeEach
  void createLog(@TempDir Path folder) {
    log = new ApiServerAuditLog(folder.resolve("audit"));
  }

  @Test
  void writesPolicyAndNamesItInTheFlags() throws IOException {
    assertThat(log.flags("- {level: None}\n"))
        .containsExactly(
            "--audit-policy-file=" + log.folder().resolve("audit-policy.yaml"),
            "--audit-log-path=" + log.file(),
            "--audit-log-maxsize=16384");
    JsonObject policy =
        Manifests.parse(Files.readString(log.folder().resolve("audit-policy.yaml"))).getFirst();
    assertThat(policy.get("kind").getAsString()).isEqualTo("Policy");
    assertThat(policy.getAsJsonArray("rules").toString()).isEqualTo("[{\"level\":\"None\"}]");
  }

  @Test
  void readsOneEntryPerLine() throws IOException {
    log.flags("- {level: None}\n");
    Files.writeString(log.file(), "{\"auditID\": \"a\"}\n{\"auditID\": \"b\"}\n");
    String ids =
        log.read(entries ->
            entries
                .map(entry -> entry.get("auditID").getAsString())
                .collect(Collectors.joining(" ")));
    assertThat(ids).isEqualTo("a b");
  }

  @Test
  void namesResourceAndSubresource() {
    assertThat(ApiServerAuditLog.resource(entry("{\"resource\": \"pods\"}"))).isEqualTo("pods");
    assertThat(
            ApiServerAuditLog.resource(
                entry("{\"resource\": \"vdisessions\", \"subresource\": \"status\"}")))
        .isEqualTo("vdisessions/status");
  }

  private static JsonObject entry(String objectRef) {
    return JsonParser.parseString("{\"objectRef\": " + objectRef + "}").getAsJsonObject();
  }
}
