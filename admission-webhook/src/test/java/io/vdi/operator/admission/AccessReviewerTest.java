package io.vdi.operator.admission;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.common.identity.Caller;
import io.vdi.operator.common.kube.ApiResult;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AccessReviewerTest {
  private static final Duration LIMIT = Duration.ofSeconds(5);
  private static final Caller CAROL =
      new Caller("carol", List.of("a", "b"), Map.of("scope", List.of("x")));

  private final FakeApi api = new FakeApi();
  private final AtomicLong now = new AtomicLong();
  private final AccessReviewer reviewer = new AccessReviewer(api.client(), now::get);

  @Test
  void theReviewHasUserGroupsExtraAndNamespace() {
    List<JsonObject> asked = new ArrayList<>();
    api.review(spec -> {
      asked.add(spec);
      return json("{allowed: true}");
    });
    assertThat(mayManage(CAROL, "desks")).isEqualTo(new ApiResult.Ok<>(true));
    assertThat(asked)
        .containsExactly(
            json(
                "{user: carol, groups: [a, b], extra: {scope: [x]}, resourceAttributes: {group:"
                    + " 'vdi.kasm.io', resource: vdisessions, verb: manage, namespace: desks}}"));
  }

  @Test
  void anAnswerIsUsedForAFewSecondsAndForTheSameCallerOnly() {
    api.review(spec -> json("{allowed: " + spec.get("user").getAsString().equals("carol") + "}"));
    for (int i = 0; i < 3; i++) {
      assertThat(mayManage(CAROL, "desks").orElseThrow()).isTrue();
    }
    assertThat(api.count("POST", AccessReviewer.PATH)).isEqualTo(1);
    assertThat(mayManage(new Caller("bob", CAROL.groups(), CAROL.extra()), "desks").orElseThrow())
        .isFalse();
    mayManage(new Caller("carol", List.of("a"), CAROL.extra()), "desks").orElseThrow();
    mayManage(new Caller("carol", CAROL.groups(), Map.of()), "desks").orElseThrow();
    mayManage(CAROL, "other").orElseThrow();
    assertThat(api.count("POST", AccessReviewer.PATH)).isEqualTo(5);
    now.addAndGet(Duration.ofSeconds(6).toNanos());
    mayManage(CAROL, "desks").orElseThrow();
    assertThat(api.count("POST", AccessReviewer.PATH)).isEqualTo(6);
  }

  @Test
  void aFloodOfCallersForgetsTheOldest() {
    api.review(spec -> json("{allowed: false}"));
    mayManage(CAROL, "desks").orElseThrow();
    for (int i = 0; i < AccessReviewer.MAX_REMEMBERED; i++) {
      mayManage(new Caller("user-" + i, List.of(), Map.of()), "desks").orElseThrow();
    }
    long before = api.count("POST", AccessReviewer.PATH);
    mayManage(CAROL, "desks").orElseThrow();
    assertThat(api.count("POST", AccessReviewer.PATH)).isEqualTo(before + 1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"{}", "{allowed: 'true'}", "{allowed: false, evaluationError: 'no authorizer'}"})
  void anAnswerWithoutAVerdictIsAnErrorAndIsNotRemembered(String status) {
    api.review(spec -> json(status));
    assertThat(mayManage(CAROL, "desks").ok()).isEmpty();
    api.review(spec -> json("{allowed: true}"));
    assertThat(mayManage(CAROL, "desks").orElseThrow()).isTrue();
  }

  @Test
  void aFailureOfTheApiServerIsAnError() {
    api.failWith((method, path) -> {
      throw new IOException("connection refused");
    });
    assertThat(mayManage(CAROL, "desks")).isInstanceOf(ApiResult.Unreachable.class);
  }

  private ApiResult<Boolean> mayManage(Caller caller, String namespace) {
    return reviewer.mayManage(caller, namespace, LIMIT);
  }

  private static JsonObject json(String text) {
    return JsonParser.parseString(text).getAsJsonObject();
  }
}
