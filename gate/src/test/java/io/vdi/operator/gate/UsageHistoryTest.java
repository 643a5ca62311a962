package io.vdi.operator.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.testing.FakeApiServer;
import io.vdi.operator.gate.signin.TestProvider;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** {@code GET /api/v1/usage} with parameters, and budgets; docs/specification.md, section 9. */
class UsageHistoryTest {
  private static final String RANGE = "/api/v1/usage?from=2026-01-01&to=2026-03-01";

  private final FakeApiServer server = TestGate.apiServer();
  private final TestProvider provider = TestProvider.start();
  private final String alice = ApiClient.token(provider, "alice@example.com");
  private final String admin = ApiClient.token(provider, "carol@example.com", "admins");
  private TestGate gate;
  private ApiClient api;

  @BeforeEach
  void start() throws Exception {
    interval(
        "alice-1", "alice@example.com", "=lab", "2026-01-31T23:00:00Z", "2026-02-01T01:00:00Z");
    interval("bob-1", "bob@example.com", "art", "2026-01-10T00:00:00Z", "2026-01-10T00:30:00Z");
    interval("bob-2", "bob@example.com", "art", "2025-06-10T00:00:00Z", "2025-06-10T00:30:00Z");
    gate =
        new TestGate(
            server,
            provider.issuer(),
            Map.of(
                "vdiConfig_QUOTA_BUDGETS_USER_GPU_HOURS", "5",
                "vdiConfig_QUOTA_BUDGETS_GROUP_GPU_HOURS", "10"));
    api = new ApiClient(gate.portalPort());
    await().until(() -> api.get(admin, "/api/v1/sessions").status() == 200);
  }

  @AfterEach
  void stop() {
    api.close();
    gate.close();
    provider.close();
    server.close();
  }

  private void interval(String name, String user, String group, String start, String end) {
    server.put(
        ResourceType.USAGE,
        """
        {metadata: {name: %s, namespace: vdi,
           labels: {'vdi.kasm.io/usage': '%s', 'vdi.kasm.io/user': '%s'}},
         spec: {session: {namespace: desks, name: desk, uid: %s}, user: '%s', groups: ['%s'],
           template: base, gpu: {resource: 'nvidia.com/gpu', count: 2}, start: '%s', end: '%s',
           reason: Suspended}}
        """
            .formatted(
                name, end.substring(0, 7), user.replace('@', '-'), name, user, group, start, end));
  }

  @Test
  void usersSeeTheirOwnUseAndAdminsAll() {
    assertThat(api.get(alice, RANGE + "&by=user,month").json().getAsJsonArray("items").toString())
        .isEqualTo(
            "[{\"user\":\"alice@example.com\",\"month\":\"2026-01\",\"sessions\":1,\"seconds\":3600,\"gpuSeconds\":7200},"
                + "{\"user\":\"alice@example.com\",\"month\":\"2026-02\",\"sessions\":1,\"seconds\":3600,\"gpuSeconds\":7200}]");
    assertThat(api.get(admin, RANGE).json().getAsJsonArray("items").toString())
        .isEqualTo("[{\"sessions\":2,\"seconds\":9000,\"gpuSeconds\":18000}]");
  }

  @Test
  void csvIsChosenByParameterOrHeader() {
    String expected =
        "group,sessions,seconds,gpuSeconds\r\n'=lab,1,7200,14400\r\nart,1,1800,3600\r\n";
    ApiClient.Answer byParameter = api.get(admin, RANGE + "&by=group&format=csv");
    assertThat(byParameter.body()).isEqualTo(expected);
    assertThat(byParameter.header("Content-Type")).contains("text/csv; charset=utf-8");
    assertThat(api.send("GET", admin, RANGE + "&by=group", "", "Accept", "text/csv;q=0.9").body())
        .isEqualTo(expected);
  }

  /** This month has two hours of alice with two GPUs each, and one of bob. */
  @Test
  void usersSeeTheirBudgetsAndThoseOfTheirGroups() {
    Instant start = YearMonth.now(ZoneOffset.UTC).atDay(1).atStartOfDay(ZoneOffset.UTC).toInstant();
    interval("alice-3", "alice@example.com", "lab", start.toString(), end(start, 2));
    interval("bob-3", "bob@example.com", "lab", start.toString(), end(start, 1));
    String lab = "{\"scope\":\"group\",\"name\":\"lab\",\"used\":21600,\"limit\":36000}";
    String own =
        "{\"scope\":\"user\",\"name\":\"alice@example.com\",\"used\":14400,\"limit\":18000}";
    String token = ApiClient.token(provider, "alice@example.com", "lab", "chess");
    assertThat(budgets(token)).isEqualTo("[" + own + "," + lab + "]");
    assertThat(budgets(alice)).isEqualTo("[" + own + "]");
    assertThat(budgets(admin))
        .isEqualTo(
            "["
                + own
                + ",{\"scope\":\"user\",\"name\":\"bob@example.com\",\"used\":7200,\"limit\":18000},"
                + lab
                + "]");
  }

  private static String end(Instant start, int hours) {
    return start.plus(Duration.ofHours(hours)).toString();
  }

  private String budgets(String token) {
    return api.get(token, "/api/v1/budgets").json().getAsJsonArray("items").toString();
  }

  @Test
  void wrongParametersAreNamed() {
    for (String query :
        new String[] {
          "by=user,user", "by=color", "from=2026-13-01", "from=1999-01-01", "to=2020-01-01"
        }) {
      ApiClient.Answer answer = api.get(alice, "/api/v1/usage?" + query);
      assertThat(answer.status()).as(query).isEqualTo(400);
      assertThat(answer.field()).as(query).isEqualTo(query.substring(0, query.indexOf('=')));
    }
  }
}
