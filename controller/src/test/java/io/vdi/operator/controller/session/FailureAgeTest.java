package io.vdi.operator.controller.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.session.plan.Action;
import io.vdi.operator.controller.session.plan.FailedStep;
import io.vdi.operator.controller.session.plan.Step;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class FailureAgeTest {
  private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
  private static final ApiFailure CONFLICT = new ApiFailure.Transient("Conflict", "try again");
  private static final ApiFailure NO_PERMISSION =
      new ApiFailure.Permanent("Forbidden", "User \"x\" cannot create resource \"pods\"");
  private static final ApiFailure REFUSED =
      new ApiFailure.Permanent("Forbidden", "violates PodSecurity");

  private final FailureAge age = new FailureAge();

  @Test
  void aShortFailureIsNotReported() {
    assertThat(isReported(CONFLICT, NOON)).isFalse();
    assertThat(isReported(CONFLICT, NOON.plusSeconds(2))).isFalse();
    assertThat(isReported(CONFLICT, NOON.plusSeconds(3))).isTrue();
    age.reset();
    assertThat(isReported(CONFLICT, NOON.plusSeconds(4))).isFalse();
  }

  @Test
  void theDelayGrowsWithTheAgeOfTheFailureUpTo20Seconds() {
    isReported(CONFLICT, NOON);
    assertThat(age.retryDelay(NOON.plusSeconds(5))).isEqualTo(Duration.ofSeconds(5));
    assertThat(age.retryDelay(NOON.plusSeconds(500))).isEqualTo(Duration.ofSeconds(20));
  }

  @Test
  void aRefusalIsReportedImmediately() {
    assertThat(isReported(REFUSED, NOON)).isTrue();
  }

  @Test
  void aMissingPermissionIsPermanentOnlyAfterAMinute() {
    assertThat(judge(NO_PERMISSION, NOON)).isInstanceOf(ApiFailure.Transient.class);
    assertThat(judge(NO_PERMISSION, NOON.plusSeconds(59))).isInstanceOf(ApiFailure.Transient.class);
    assertThat(judge(NO_PERMISSION, NOON.plusSeconds(60))).isEqualTo(NO_PERMISSION);
  }

  private boolean isReported(ApiFailure failure, Instant now) {
    return age.isReported(age.judge(failed(failure), now), now);
  }

  private ApiFailure judge(ApiFailure failure, Instant now) {
    return age.judge(failed(failure), now).getFirst().failure();
  }

  private static List<FailedStep> failed(ApiFailure failure) {
    VdiSession session = new VdiSession(ObjectMeta.EMPTY, null, null);
    return List.of(
        new FailedStep(new Step(Step.Order.FINALIZER, new Action.AddFinalizer(session)), failure));
  }
}
