package io.vdi.operator.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.cli.TestConsole;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.quota.QuotaScope;
import io.vdi.operator.common.quota.ResourceAmounts;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The exact output of the tables. */
class TablesTest {
  private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");

  private static final List<VdiSession> SESSIONS =
      List.of(
          session(
              """
              {"metadata": {"name": "alice-desktop", "namespace": "team-a",
                "creationTimestamp": "2026-01-01T11:15:00Z"},
               "spec": {"user": "alice@example.com", "template": "ubuntu"},
               "status": {"phase": "Running", "url": "https://alice.vdi.example.com",
                 "expiresAt": "2026-01-01T19:15:30Z"}}
              """),
          session(
              """
              {"metadata": {"name": "somebody-with-a-long-name", "namespace": "team-b",
                "creationTimestamp": "2025-12-28T12:00:00Z"},
               "spec": {"user": "somebody.with-a-long-name@subsidiary.example.com", "template": "blender"},
               "status": {"phase": "Pending", "url": "https://somebody-with-a-long-name.vdi.example.com",
                 "message": "0/3 nodes are available: 3 Insufficient nvidia.com/gpu. [VDI201]"}}
              """));

  private static VdiSession session(String json) {
    return KubeGson.gson().fromJson(json, VdiSession.class);
  }

  private static String sessions(boolean namespaces, boolean wide, int width) {
    return String.join(
            "\n",
            SessionTable.lines(
                SESSIONS, namespaces, wide, NOW, new TestConsole(width, false).console()))
        + "\n";
  }

  @Test
  void sessionsFitEightyColumns() {
    assertThat(sessions(false, false, 80))
        .isEqualTo(
            """
            NAME               USER               PHASE     URL                ENDS IN   AGE
            alice-desktop      alice@example.c…   Running   https://alice.v…   7h15m     45m
            somebody-with-a…   somebody.with-a…   Pending   https://somebod…   <none>    4d
            """);
    sessions(true, false, 80)
        .lines()
        .forEach(line -> assertThat(line.length()).as(line).isLessThanOrEqualTo(80));
  }

  @Test
  void wideHasAllColumnsAndCutsNothing() {
    assertThat(sessions(true, true, 80))
        .isEqualTo(
            """
            NAMESPACE   NAME                        USER                                               PHASE     URL                                                 ENDS IN   AGE   TEMPLATE   MESSAGE
            team-a      alice-desktop               alice@example.com                                  Running   https://alice.vdi.example.com                       7h15m     45m   ubuntu     <none>
            team-b      somebody-with-a-long-name   somebody.with-a-long-name@subsidiary.example.com   Pending   https://somebody-with-a-long-name.vdi.example.com   <none>    4d    blender    0/3 nodes are available: 3 Insufficient nvidia.com/gpu. [VDI201]
            """);
  }

  @Test
  void templates() {
    VdiTemplate ubuntu =
        KubeGson.gson()
            .fromJson(
                """
                {"metadata": {"name": "ubuntu"}, "spec": {"image": "i", "displayName": "Ubuntu with a GPU",
                  "timeout": "12h", "maxTimeout": "8h", "resources": {"defaultMemory": "8Gi"}},
                 "status": {"sessions": 3}}
                """,
                VdiTemplate.class);
    assertThat(String.join("\n", TemplatesCommand.lines(List.of(ubuntu), 80)) + "\n")
        .isEqualTo(
            """
            NAME     GPU   MEMORY   CPU   TIMEOUT   SESSIONS   DISPLAY NAME
            ubuntu   1     8Gi      2     8h        3          Ubuntu with a GPU
            """);
  }

  @Test
  void quotas() {
    assertThat(
            String.join(
                    "\n",
                    QuotaCommand.table(
                        List.of(
                            new QuotaCommand.Line(
                                QuotaScope.USER,
                                "alice@example.com",
                                new ResourceAmounts(1, 2, 0),
                                new ResourceAmounts(3, 2, 0)),
                            new QuotaCommand.Line(
                                QuotaScope.CLUSTER,
                                "",
                                new ResourceAmounts(7, 9, 0),
                                new ResourceAmounts(
                                    ResourceAmounts.UNLIMITED, 64, ResourceAmounts.UNLIMITED))),
                        false,
                        80))
                + "\n")
        .isEqualTo(
            """
            SCOPE     NAME                SESSIONS      GPUS
            user      alice@example.com   1/3           2/2
            cluster   <none>              7/unlimited   9/64
            """);
  }

  @Test
  void quotasWithStorage() {
    long gib = 1L << 30;
    assertThat(
            String.join(
                    "\n",
                    QuotaCommand.table(
                        List.of(
                            new QuotaCommand.Line(
                                QuotaScope.USER,
                                "alice@example.com",
                                new ResourceAmounts(1, 2, 40 * gib),
                                new ResourceAmounts(3, 2, 50 * gib))),
                        true,
                        80))
                + "\n")
        .isEqualTo(
            """
            SCOPE   NAME                SESSIONS   GPUS   STORAGE
            user    alice@example.com   1/3        2/2    40Gi/50Gi
            """);
  }
}
