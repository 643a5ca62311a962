package io.vdi.operator.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UsageCommandTest {
  private static final String USAGES = "/apis/vdi.kasm.io/v1alpha1/namespaces/vdi-system/vdiusages";
  private static final String CONFIG_MAP = "/api/v1/namespaces/vdi-system/configmaps/vdi-config";

  private final CommandRunner cli;

  UsageCommandTest(@TempDir Path folder) {
    cli = new CommandRunner(folder);
  }

  @BeforeEach
  void intervals() {
    cli.server
        .time(Instant.parse("2026-11-26T12:00:00Z"))
        .put(CONFIG_MAP, "data: {controller.yaml: 'usage: {timeZone: Europe/Berlin}'}");
    interval("a1", "team-a", "alice@example.com", "2026-11-26T11:30:00Z", "");
    interval("a2", "team-a", "Alice@example.com", "2026-10-31T22:00:00Z", "2026-11-01T00:00:00Z");
    interval("b1", "team-b", "bob@example.com", "2026-11-02T08:00:00Z", "2026-11-02T09:00:00Z");
  }

  @AfterEach
  void close() {
    cli.close();
  }

  private void interval(String name, String namespace, String user, String start, String end) {
    cli.server.put(
        USAGES + "/" + name,
        """
        spec: {session: {namespace: %s, name: desk, uid: u-%s}, user: %s, groups: [lab, math],
          template: ubuntu, gpu: {resource: nvidia.com/gpu, count: 2}, start: "%s"%s}
        """
            .formatted(
                namespace,
                name,
                user,
                start,
                end.isEmpty() ? "" : ", end: \"" + end + "\", reason: Suspended"));
  }

  /** Months begin at midnight in Berlin. */
  @Test
  void theTableHasTheUseOfThePresentMonth() {
    assertThat(cli.run("usage").out())
        .isEqualTo(
            """
            USER                SESSIONS   HOURS   GPU HOURS
            alice@example.com   2          1.5     3
            """);
    assertThat(cli.run("usage", "-A").out())
        .isEqualTo(
            """
            USER                SESSIONS   HOURS   GPU HOURS
            alice@example.com   2          1.5     3
            bob@example.com     1          1       2
            """);
    assertThat(cli.run("usage", "-n", "team-b", "--by", "group,template").out())
        .isEqualTo(
            """
            GROUP   TEMPLATE   SESSIONS   HOURS   GPU HOURS
            lab     ubuntu     1          1       2
            math    ubuntu     1          1       2
            """);
    assertThat(cli.server.requests())
        .anyMatch(request -> request.contains("open%2C2026-10%2C2026-11%2C2026-12"));
  }

  @Test
  void aMonthIsChosenOrAllAreShown() {
    assertThat(cli.run("usage", "--month", "2026-10").out())
        .isEqualTo(
            """
            USER                SESSIONS   HOURS   GPU HOURS
            alice@example.com   1          1       2
            """);
    assertThat(cli.run("usage", "-A", "--by", "month").out())
        .isEqualTo(
            """
            MONTH     SESSIONS   HOURS   GPU HOURS
            2026-10   1          1       2
            2026-11   3          2.5     5
            """);
  }

  @Test
  void csvAndJsonAreThoseOfTheGate() {
    assertThat(cli.run("usage", "-A", "-o", "csv", "--by", "user").out())
        .isEqualTo(
            """
            user,sessions,seconds,gpuSeconds
            alice@example.com,2,5400,10800
            bob@example.com,1,3600,7200
            """
                .replace("\n", "\r\n"));
    assertThat(JsonParser.parseString(cli.run("usage", "-n", "team-b", "-o", "json").out()))
        .hasToString(
            "{\"items\":[{\"user\":\"bob@example.com\",\"sessions\":1,\"seconds\":3600,\"gpuSeconds\":7200}],"
                + "\"from\":\"2026-10-31T23:00:00Z\",\"to\":\"2026-11-26T12:00:00Z\",\"timeZone\":\"Europe/Berlin\"}");
    assertThat(cli.run("usage", "-o", "yaml").out()).contains("timeZone: Europe/Berlin");
  }

  @Test
  void withoutUseTheTableIsEmpty() {
    assertThat(cli.run("usage", "--month", "2026-09"))
        .isEqualTo(
            new CommandRunner.Result(
                0,
                "",
                "No use recorded for namespace team-a in 2026-09; see also -A and"
                    + " --month.\n"));
  }

  @Test
  void wrongOptionsAreNamed() {
    assertThat(cli.run("usage", "--by", "color"))
        .isEqualTo(
            new CommandRunner.Result(
                64,
                "",
                "error: --by \"color\" must be a list of user, group, template and month, each at"
                    + " most once, such as user,month\n"));
    for (String month : new String[] {"11", "2026-12", "2016-01"}) {
      assertThat(cli.run("usage", "--month", month))
          .isEqualTo(
              new CommandRunner.Result(
                  64,
                  "",
                  "error: --month \"%s\" must be a month of the last 10 years, such as 2026-11\n"
                      .formatted(month)));
    }
  }

  @Test
  void aRefusalNamesTheRole() {
    cli.server.reject("GET " + USAGES, 403, "vdiusages.vdi.kasm.io is forbidden");
    CommandRunner.Result result = cli.run("usage");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err())
        .startsWith("error: vdiusages.vdi.kasm.io is forbidden; an administrator")
        .contains("kubectl -n vdi-system create rolebinding", "--clusterrole=vdi-usage-view")
        .contains("page Usage of the portal");
    cli.server.reject("GET " + CONFIG_MAP, 403, "configmaps is forbidden");
    assertThat(cli.run("usage").err())
        .startsWith("error: configmaps is forbidden; an administrator");
  }

  @Test
  void withoutTheCrdTheWayOutIsTheDoctor() {
    cli.server.reject("GET " + USAGES, 404, "the server could not find the requested resource");
    assertThat(cli.run("usage").err())
        .isEqualTo(
            "error: the cluster has no vdiusages.vdi.kasm.io: install the CRDs of the chart; see"
                + " kubectl vdi doctor\n");
  }

  @Test
  void withoutTheOperatorItsNamespaceIsNamed() {
    assertThat(cli.run("usage", "--operator-namespace", "elsewhere").err())
        .isEqualTo(
            "error: there is no ConfigMap vdi-config in namespace elsewhere; see"
                + " --operator-namespace\n");
  }

  @Test
  void optionsAreCompleted() {
    assertThat(cli.run("__complete", "us").out()).isEqualTo("usage\n:4\n");
    assertThat(cli.run("__complete", "usage", "--by", "t").out()).isEqualTo("template\n:4\n");
    assertThat(cli.run("__complete", "usage", "-o", "c").out()).isEqualTo("csv\n:4\n");
  }
}
