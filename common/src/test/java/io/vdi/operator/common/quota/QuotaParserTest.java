package io.vdi.operator.common.quota;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class QuotaParserTest {
  private final List<String> problems = new ArrayList<>();

  @Test
  @DisplayName("an empty section limits nothing and rejects")
  void emptySection() {
    QuotaLimits limits = parse("{}");
    assertThat(limits.mode()).isEqualTo(QuotaLimits.Mode.REJECT);
    for (QuotaScope scope : QuotaScope.values()) {
      assertThat(limits.limit(scope, "any"))
          .isEqualTo(
              new ResourceAmounts(
                  ResourceAmounts.UNLIMITED, ResourceAmounts.UNLIMITED, ResourceAmounts.UNLIMITED));
    }
    assertThat(problems).isEmpty();
  }

  @Test
  @DisplayName("limits may be numbers, strings or unlimited")
  void amounts() {
    QuotaLimits limits =
        parse(
            """
            {mode: queue, user: {sessions: 3, gpus: "2"}, cluster: {sessions: " 10 ", gpus: unlimited}}
            """);
    assertThat(problems).isEmpty();
    assertThat(limits.mode()).isEqualTo(QuotaLimits.Mode.QUEUE);
    assertThat(limits.limit(QuotaScope.USER, "a@example.com"))
        .isEqualTo(new ResourceAmounts(3, 2, ResourceAmounts.UNLIMITED));
    assertThat(limits.limit(QuotaScope.CLUSTER, ""))
        .isEqualTo(new ResourceAmounts(10, ResourceAmounts.UNLIMITED, ResourceAmounts.UNLIMITED));
  }

  @Test
  @DisplayName("an exception takes the default of its scope for what it does not name")
  void exceptions() {
    QuotaLimits limits =
        parse(
            """
            {user: {sessions: 3, gpus: 2, exceptions: [{name: Alice@Example.com, gpus: 4}]},
             namespace: {exceptions: [{name: Team, sessions: 0}]}}
            """);
    assertThat(problems).isEmpty();
    assertThat(limits.limit(QuotaScope.USER, "alice@example.com"))
        .isEqualTo(new ResourceAmounts(3, 4, ResourceAmounts.UNLIMITED));
    assertThat(limits.limit(QuotaScope.NAMESPACE, "Team"))
        .isEqualTo(new ResourceAmounts(0, ResourceAmounts.UNLIMITED, ResourceAmounts.UNLIMITED));
    assertThat(limits.limit(QuotaScope.NAMESPACE, "team").sessions())
        .as("namespaces are case-sensitive, e-mails are not")
        .isEqualTo(ResourceAmounts.UNLIMITED);
  }

  @Test
  @DisplayName("storage is a quantity with a unit")
  void storage() {
    QuotaLimits limits =
        parse(
            """
            {user: {storage: 500Gi, exceptions: [{name: alice@example.com, storage: 1Ti},
                                                 {name: bob@example.com, storage: unlimited},
                                                 {name: carol@example.com, gpus: 1}]},
             cluster: {storage: 0}}
            """);
    assertThat(problems).isEmpty();
    assertThat(limits.limitsStorage()).isTrue();
    assertThat(limits.limit(QuotaScope.USER, "dave@example.com").storage()).isEqualTo(500L << 30);
    assertThat(limits.limit(QuotaScope.USER, "alice@example.com").storage()).isEqualTo(1L << 40);
    assertThat(limits.limit(QuotaScope.USER, "bob@example.com").storage())
        .isEqualTo(ResourceAmounts.UNLIMITED);
    assertThat(limits.limit(QuotaScope.USER, "carol@example.com").storage()).isEqualTo(500L << 30);
    assertThat(limits.limit(QuotaScope.CLUSTER, "").storage()).isZero();
    assertThat(parse("{user: {gpus: 1}}").limitsStorage()).isFalse();
    parse("{user: {storage: 500, exceptions: [{name: bob, storage: much}]}}");
    assertThat(problems)
        .containsExactly(
            "quota.user.storage \"500\" must be a quantity with a unit, such as 500Gi, or unlimited",
            "quota.user.exceptions bob: storage \"much\" must be a quantity with a unit, such as"
                + " 500Gi, or unlimited");
  }

  @Test
  @DisplayName("the cluster has no exceptions")
  void clusterExceptions() {
    QuotaLimits limits = parse("{cluster: {sessions: 5, exceptions: [{name: x, sessions: 9}]}}");
    assertThat(limits.limit(QuotaScope.CLUSTER, "x").sessions()).isEqualTo(5);
  }

  @Test
  @DisplayName("every invalid value is reported with key, value and rule")
  void everyProblem() {
    parse(
        """
        {mode: later, user: {sessions: -1, gpus: 1.5,
          exceptions: [{sessions: 1}, {name: bob, gpus: many}, text]},
         cluster: {sessions: null, gpus: 12345678901}}
        """);
    assertThat(problems)
        .containsExactly(
            "quota.user.sessions \"-1\" must be a whole number, or unlimited",
            "quota.user.gpus \"1.5\" must be a whole number, or unlimited",
            "quota.user.exceptions: each needs a name",
            "quota.user.exceptions bob: gpus \"many\" must be a whole number, or unlimited",
            "quota.user.exceptions: each needs a name",
            "quota.cluster.sessions \"\" must be a whole number, or unlimited",
            "quota.cluster.gpus \"12345678901\" must be a whole number, or unlimited",
            "quota.mode \"later\" must be one of reject, queue");
  }

  private QuotaLimits parse(String section) {
    return QuotaParser.parse((JsonObject) JsonParser.parseString(section), problems);
  }
}
