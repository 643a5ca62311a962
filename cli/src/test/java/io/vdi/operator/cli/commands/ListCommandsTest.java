package io.vdi.operator.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import io.vdi.operator.cli.FakeCluster;
import io.vdi.operator.cli.cluster.Json;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands that list: list, templates, quota, and the completion of names. */
class ListCommandsTest {
  private static final String SESSIONS = "/apis/vdi.kasm.io/v1alpha1/namespaces/team-a/vdisessions";
  private static final String CONFIG_MAP = "/api/v1/namespaces/vdi-system/configmaps/vdi-config";

  private final CommandRunner cli;

  ListCommandsTest(@TempDir Path folder) {
    cli = new CommandRunner(folder);
  }

  @AfterEach
  void close() {
    cli.close();
  }

  private void sessions() {
    cli.server
        .put(
            FakeCluster.session("alice"),
            """
            metadata: {creationTimestamp: "2020-01-01T10:00:00Z"}
            spec: {user: alice@example.com, template: ubuntu, resources: {gpu: 2}}
            status: {phase: Running, url: "https://alice.vdi.example.com"}
            """)
        .put(
            "/apis/vdi.kasm.io/v1alpha1/namespaces/team-b/vdisessions/bob",
            """
            metadata: {creationTimestamp: "2020-01-01T10:00:00Z"}
            spec: {user: bob@example.com, template: ubuntu}
            """)
        .put(FakeCluster.template("ubuntu"), "spec: {image: i, displayName: Ubuntu}");
  }

  @Test
  void listPrintsTheNamespaceOrAll() {
    sessions();
    assertThat(cli.run("list").out()).startsWith("NAME ").contains("alice").doesNotContain("bob");
    assertThat(cli.run("ls", "-A").out()).startsWith("NAMESPACE ").contains("alice", "bob");
    assertThat(cli.run("list", "-n", "team-b").out()).contains("bob").doesNotContain("alice");
    assertThat(cli.run("list", "-o", "wide").out()).contains("TEMPLATE", "MESSAGE");
  }

  @Test
  void listPrintsJson() {
    sessions();
    assertThat(Json.objects(JsonParser.parseString(cli.run("list", "-o", "json").out()), "items"))
        .extracting(Json::name)
        .containsExactly("alice");
  }

  @Test
  void anEmptyListIsReportedOnTheErrorStream() {
    cli.server.serve(SESSIONS).serve("/apis/vdi.kasm.io/v1alpha1/vdisessions");
    assertThat(cli.run("list"))
        .isEqualTo(new CommandRunner.Result(0, "", "No sessions found in namespace team-a.\n"));
    assertThat(cli.run("list", "-A"))
        .isEqualTo(new CommandRunner.Result(0, "", "No sessions found.\n"));
  }

  @Test
  void withoutCrdsTheListFails() {
    assertThat(cli.run("list", "-o", "yaml"))
        .isEqualTo(new CommandRunner.Result(1, "", "error: the operator is not installed\n"));
    assertThat(cli.run("templates", "-o", "yaml").err())
        .isEqualTo("error: the operator is not installed\n");
  }

  @Test
  void templatesPrintsDefaults() {
    sessions();
    assertThat(cli.run("templates").out())
        .isEqualTo(
            """
            NAME     GPU   MEMORY   CPU   TIMEOUT   SESSIONS   DISPLAY NAME
            ubuntu   1     4Gi      2     8h        0          Ubuntu
            """);
    assertThat(cli.run("templates", "-o", "yaml").out()).contains("displayName: Ubuntu");
  }

  @Test
  void quotaPrintsUsageAndLimits() {
    sessions();
    cli.server.put(
        CONFIG_MAP,
        """
        data:
          controller.yaml: |
            quota:
              user: {sessions: 3, exceptions: [{name: carol@example.com, sessions: 5, gpus: 4}]}
              cluster: {gpus: 64}
        """);
    assertThat(cli.run("quota").out())
        .isEqualTo(
            """
            SCOPE       NAME                SESSIONS      GPUS
            user        alice@example.com   1/3           2/unlimited
            user        bob@example.com     1/3           1/unlimited
            user        carol@example.com   0/5           0/4
            namespace   team-a              1/unlimited   2/unlimited
            namespace   team-b              1/unlimited   1/unlimited
            template    ubuntu              2/unlimited   3/unlimited
            cluster     <none>              2/unlimited   3/64
            """);
    assertThat(
            JsonParser.parseString(cli.run("quota", "-o", "json").out())
                .getAsJsonArray()
                .get(0)
                .toString())
        .isEqualTo(
            "{\"scope\":\"user\",\"name\":\"alice@example.com\",\"used\":{\"sessions\":1,\"gpus\":2},"
                + "\"limit\":{\"sessions\":3}}");
  }

  /** With fullnameOverride: desks, the ConfigMap is desks-config. */
  @Test
  void quotaFindsAConfigurationWithAnotherName() {
    sessions();
    cli.server.put(
        "/apis/apps/v1/namespaces/vdi-system/deployments/desks-controller",
        "metadata: {labels: {app.kubernetes.io/name: vdi-operator, app.kubernetes.io/component: controller}}");
    cli.server.put(
        CONFIG_MAP.replace("vdi-config", "desks-config"),
        "data: {controller.yaml: 'quota: {user: {sessions: 3}}'}");
    assertThat(cli.run("quota").out()).contains("1/3");
  }

  @Test
  void quotaFailsWithoutAReadableConfiguration() {
    sessions();
    assertThat(cli.run("quota").err())
        .isEqualTo(
            "error: there is no ConfigMap vdi-config in namespace vdi-system; see"
                + " --operator-namespace\n");
    cli.server.put(CONFIG_MAP, "data: {controller.yaml: 'quota: {user: {sessions: many}}'}");
    CommandRunner.Result result = cli.run("quota");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err())
        .startsWith("error: ConfigMap vdi-config cannot be read: ")
        .contains("quota.user.sessions", "many");
  }

  @Test
  void completesNamesOfSessions() {
    sessions();
    assertThat(cli.run("__complete", "get", "al").out()).isEqualTo("alice\n:4\n");
    assertThat(cli.run("__complete", "doctor", "-n", "team-b", "").out()).isEqualTo("bob\n:4\n");
    assertThat(cli.run("__complete", "get", "x").out()).isEqualTo(":4\n");
  }

  @Test
  void completesNothingWithoutACluster() {
    cli.server.close();
    assertThat(cli.run("__complete", "get", "al"))
        .isEqualTo(new CommandRunner.Result(0, ":4\n", ""));
  }

  @Test
  void completesOptions() {
    assertThat(cli.run("__complete", "doctor", "--st").out()).isEqualTo("--strict\n:4\n");
  }
}
