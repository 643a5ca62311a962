package io.vdi.operator.controller.session.plan;

import io.vdi.operator.common.diagnosis.CauseClassifier;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.session.resources.SessionConfig;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * What the failed writes of a plan change in its status; docs/specification.md, section 3, Failed
 * writes. A session is Failed only if a required write was refused for good; a desktop that runs
 * stays Running.
 */
public final class FailureStatus {
  private final SessionConditions conditions;
  private final VdiSession.Status planned;
  private final List<FailedStep> failures;

  private FailureStatus(
      SessionConditions conditions, VdiSession.Status planned, List<FailedStep> failures) {
    this.conditions = conditions;
    this.planned = planned;
    this.failures = failures;
  }

  /**
   * @param planned the status of the plan, which assumes that all its steps succeed
   * @param failures not empty
   */
  public static VdiSession.Status of(
      ObservedSession observed,
      SessionConfig config,
      VdiSession.Status planned,
      List<FailedStep> failures,
      Instant now) {
    SessionConditions conditions =
        new SessionConditions(
            observed, config, Optional.empty(), now.truncatedTo(ChronoUnit.SECONDS));
    return new FailureStatus(conditions, planned, failures).status();
  }

  private VdiSession.Status status() {
    FailedStep worst = worst();
    Phase before = planned.currentPhase().orElse(Phase.PENDING);
    boolean decides =
        worst.isRequired()
            && (before == Phase.PENDING || before == Phase.CREATING || before == Phase.FAILED);
    Optional<PhaseDecision> decision = decides ? Optional.of(decision(worst)) : Optional.empty();
    boolean silent = !worst.isRequired() && !planned.message().isEmpty();
    return new VdiSession.Status(
        decision.map(PhaseDecision::phase).orElse(before),
        planned.podName(),
        planned.url(),
        planned.startTime(),
        planned.expiresAt(),
        planned.lastActivityTime(),
        planned.restarts(),
        silent ? planned.message() : messageOf(worst),
        planned.observedGeneration(),
        conditions(decision));
  }

  /** Required before optional; then what does not end with a retry. */
  private FailedStep worst() {
    return failures.stream()
        .min(
            Comparator.comparing((FailedStep failed) -> !failed.isRequired())
                .thenComparing(failed -> !failed.isPermanent()))
        .orElseThrow();
  }

  private static PhaseDecision decision(FailedStep failed) {
    return new PhaseDecision(
        failed.isPermanent() ? Phase.FAILED : Phase.PENDING,
        failed.failure().reason(),
        failed.message(),
        CauseClassifier.ofRefusal(failed.failure().reason(), failed.failure().message()));
  }

  /** The form of the message of a failure that is retried is fixed: it has no tag. */
  private static String messageOf(FailedStep failed) {
    return failed.isPermanent() ? decision(failed).message() : failed.message();
  }

  private List<Condition> conditions(Optional<PhaseDecision> decision) {
    List<Condition> result = new ArrayList<>(planned.conditions());
    decision.ifPresent(decided -> {
      List<String> types =
          List.of(
              Condition.READY,
              Condition.RECONCILING,
              Condition.STALLED,
              Condition.SUSPENDED,
              Condition.FAILED,
              Condition.INITIALIZED);
      result.removeIf(condition -> types.contains(condition.type()));
      result.addAll(0, conditions.ofPhase(decided));
    });
    for (FailedStep failed : failures) {
      ofChild(failed)
          .ifPresent(condition -> {
            int present = result.indexOf(Condition.find(result, condition.type()).orElse(null));
            if (present >= 0) {
              result.set(present, condition);
            } else {
              result.add(condition);
            }
          });
    }
    return List.copyOf(result);
  }

  /** Storage, route and access have a condition of their own. */
  private Optional<Condition> ofChild(FailedStep failed) {
    if (failed.isGuard()) {
      return Optional.of(noRoute(failed));
    }
    boolean resize = failed.step().action() instanceof Action.ResizeHome;
    return failed
        .step()
        .action()
        .kind()
        .flatMap(kind ->
            switch (kind) {
              case HOME ->
                  Optional.of(
                      conditions.condition(
                          Condition.STORAGE_READY,
                          false,
                          resize && failed.isPermanent()
                              ? "ResizeRefused"
                              : failed.failure().reason(),
                          failed.message()));
              case ROUTE -> Optional.of(noRoute(failed));
              case ROLE, ROLE_BINDING ->
                  Optional.of(conditions.noAccess(failed.failure().reason(), failed.message()));
              case SECRET, SERVICE, GPU_CLAIM, POD -> Optional.empty();
            });
  }

  private Condition noRoute(FailedStep failed) {
    return conditions.condition(
        Condition.ROUTE_READY, false, failed.failure().reason(), failed.message());
  }
}
