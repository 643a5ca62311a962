package io.vdi.operator.common.kube;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.ApiResult.Ok;
import io.vdi.operator.common.kube.ApiResult.Rejected;
import io.vdi.operator.common.kube.ApiResult.Unreachable;
import io.vdi.operator.common.model.ApiFailure;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** KubeClientTest has the outcomes that need a server. */
class ApiResultTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          403 | pods "a" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2
          403 | pods "a" is forbidden: failed quota: q: must specify limits.cpu
          403 | pods "a" is forbidden: maximum memory usage per Container is 1Gi, but limit is 4Gi
          403 | pods "a" is forbidden: [minimum cpu usage per Pod is 1, but request is 500m, other]
          403 | maximum nvidia.com/gpu usage per Container is 1.  No limit is specified
          403 | pods "a" is forbidden: cpu max limit to request ratio per Container is 2, but provided ratio is 4.000000
          403 | unable to create new content in namespace team because it is being terminated
          408 | the request took too long
          504 | the server was unable to return a response in the time allotted
          """)
  void whatOthersCanEndIsTriedAgain(int code, String message) {
    assertThat(rejected(code, "Any", message).failure())
        .contains(new ApiFailure.Transient("Any", message));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          403 | pods is forbidden: User "system:serviceaccount:a:b" cannot create resource "pods"
          403 | admission webhook "p" denied the request: maximum length of a name per team is 20
          403 | per team there is a maximum memory usage
          403 | maximum memory usage of 1Gi
          422 | exceeded quota: q
          404 | namespaces "team" is being terminated
          410 | the token has expired
          401 | Unauthorized
          """)
  void whatOnlyAChangeCanEndIsNotTriedAgain(int code, String message) {
    assertThat(rejected(code, "Any", message).failure())
        .contains(new ApiFailure.Permanent("Any", message));
  }

  @Test
  @Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void aLongMessageThatRepeatsTheBeginningOfALimitIsReadInLinearTime() {
    String repeated = "maximum memory usage ".repeat(200_000);
    for (String message : List.of(repeated, repeated.replace("usage", ""), "maximum " + repeated)) {
      assertThat(rejected(403, "Forbidden", message).failure().orElseThrow())
          .isInstanceOf(ApiFailure.Permanent.class);
    }
    assertThat(rejected(403, "Forbidden", repeated + " per Pod").failure().orElseThrow())
        .isInstanceOf(ApiFailure.Transient.class);
  }

  @Test
  void onlyTheReasonTellsATakenNameFromAConflict() {
    assertThat(rejected(409, "AlreadyExists", "x"))
        .returns(true, ApiResult::isAlreadyExists)
        .returns(false, ApiResult::isConflict)
        .returns(false, ApiResult::isNotFound);
    // A proxy gives no reason.
    for (String reason : List.of("Conflict", "")) {
      assertThat(rejected(409, reason, "x"))
          .as("reason \"%s\"", reason)
          .returns(true, ApiResult::isConflict)
          .returns(false, ApiResult::isAlreadyExists);
    }
    assertThat(List.<ApiResult<Integer>>of(new Ok<>(409), new Unreachable<>("409 Conflict")))
        .allSatisfy(result ->
            assertThat(result)
                .returns(false, ApiResult::isConflict)
                .returns(false, ApiResult::isAlreadyExists)
                .returns(false, ApiResult::isNotFound));
  }

  @Test
  void aFailureEndsAChainOfCallsAndIsItsOutcome() {
    List<String> calls = new ArrayList<>();
    ApiResult<String> outcome =
        new Ok<>(1)
            .flatMap(value -> {
              calls.add("first " + value);
              return ApiResultTest.<String>rejected(409, "Conflict", "changed");
            })
            .map(value -> {
              calls.add("second " + value);
              return value + "!";
            })
            .flatMap(value -> {
              calls.add("third " + value);
              return new Ok<>(value);
            });
    assertThat(outcome).isEqualTo(new Rejected<>(409, "Conflict", "changed"));
    assertThat(calls).containsExactly("first 1");
    ApiResult<Integer> lost = new Unreachable<>("timeout");
    assertThat(lost.flatMap(value -> new Ok<>(value + 1)).failure())
        .contains(new ApiFailure.Transient("Unreachable", "timeout"));
  }

  private static <T> ApiResult<T> rejected(int code, String reason, String message) {
    return new Rejected<>(code, reason, message);
  }
}
