package io.vdi.operator.admission;

import io.vdi.operator.admission.quota.QuotaReserver;
import io.vdi.operator.admission.quota.QuotaReserver.ReservationResult;
import io.vdi.operator.admission.validation.AdmissionContext;
import io.vdi.operator.admission.validation.AdmissionPolicy;
import io.vdi.operator.admission.validation.AdmissionRequest;
import io.vdi.operator.admission.validation.ApiCheckRequired;
import io.vdi.operator.admission.validation.ContextQuery;
import io.vdi.operator.admission.validation.QuotaCheckRequired;
import io.vdi.operator.admission.validation.Response;
import io.vdi.operator.admission.validation.Response.Allow;
import io.vdi.operator.admission.validation.Response.Deny;
import io.vdi.operator.admission.validation.Response.Reason;
import io.vdi.operator.admission.validation.SessionAdmission;
import io.vdi.operator.admission.validation.Verdict;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.quota.QuotaLimits;
import io.vdi.operator.common.quota.QuotaViolation;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Answers admission requests: gathers what the rules require to know, lets the rules decide, and
 * reserves quota if they require it. What cannot be decided in time is denied with code 503.
 */
final class AdmissionHandler {
  /** After the UID of a request: the ID of the reservation of the former home. */
  private static final String FORMER = "-former";

  private final ContextGatherer gatherer;
  private final AccessReviewer reviewer;
  private final TemplateChecker templates;
  private final QuotaReserver quota;
  private final BudgetWatch budgets;
  private final Supplier<AdmissionConfig> config;
  private final LongSupplier elapsedNanos;

  /**
   * @param elapsedNanos as {@link System#nanoTime}
   */
  AdmissionHandler(
      ContextGatherer gatherer,
      AccessReviewer reviewer,
      TemplateChecker templates,
      QuotaReserver quota,
      BudgetWatch budgets,
      Supplier<AdmissionConfig> config,
      LongSupplier elapsedNanos) {
    this.gatherer = gatherer;
    this.reviewer = reviewer;
    this.templates = templates;
    this.quota = quota;
    this.budgets = budgets;
    this.config = config;
    this.elapsedNanos = elapsedNanos;
  }

  /** Adds the defaults to a session. */
  Response mutate(AdmissionRequest request) {
    DecisionDeadline deadline = deadline();
    return inTime(
        deadline,
        decide(
            ContextQuery.forMutation(request),
            deadline,
            context -> SessionAdmission.mutate(request, context, config.get().policy())));
  }

  /** Checks rules, identity and quotas. */
  Response validate(AdmissionRequest request) {
    DecisionDeadline deadline = deadline();
    return inTime(
        deadline,
        decide(
            ContextQuery.forValidation(request),
            deadline,
            context -> validate(request, context, deadline)));
  }

  private DecisionDeadline deadline() {
    return DecisionDeadline.in(config.get().admission().deadline(), elapsedNanos);
  }

  /** Nobody waits for a late allow, and the quota that it got is released. */
  private static Response inTime(DecisionDeadline deadline, Response response) {
    return response instanceof Allow && deadline.isOver()
        ? undecided("the decision took longer than " + deadline.total().toSeconds() + " s")
        : response;
  }

  private Response decide(
      ContextQuery query,
      DecisionDeadline deadline,
      Function<AdmissionContext, Response> decision) {
    return decided(gatherer.gather(query, deadline), decision);
  }

  private static <T> Response decided(ApiResult<T> result, Function<T, Response> decision) {
    return switch (result) {
      case ApiResult.Ok<T>(T value) -> decision.apply(value);
      case ApiResult.Rejected<T>(int code, String reason, String message) ->
          undecided(code + " " + reason + ": " + message);
      case ApiResult.Unreachable<T>(String message) -> undecided(message);
    };
  }

  private static Deny undecided(String reason) {
    return new Deny(
        Reason.SERVICE_UNAVAILABLE, "cannot be decided now, try again: " + reason, List.of());
  }

  private Response validate(
      AdmissionRequest request, AdmissionContext context, DecisionDeadline deadline) {
    AdmissionPolicy policy = config.get().policy();
    Verdict verdict = SessionAdmission.validate(request, context, policy);
    if (verdict instanceof QuotaCheckRequired check && check.warnings().isEmpty()) {
      return checkQuota(request, check, deadline);
    }
    Verdict ofManager = SessionAdmission.validate(request, context.managing(), policy);
    if (verdict.equals(ofManager)) {
      return answer(request, verdict, deadline);
    }
    return decided(
        reviewer.mayManage(request.caller(), request.namespace(), deadline.remaining()),
        manages -> answer(request, manages ? ofManager : verdict, deadline));
  }

  private Response answer(AdmissionRequest request, Verdict verdict, DecisionDeadline deadline) {
    return switch (verdict) {
      case Response response -> response;
      case QuotaCheckRequired check -> checkQuota(request, check, deadline);
      case ApiCheckRequired check -> templates.check(check, deadline);
    };
  }

  private Response checkQuota(
      AdmissionRequest request, QuotaCheckRequired check, DecisionDeadline deadline) {
    QuotaLimits limits = config.get().quota();
    List<String> spent = spentBudgets(check);
    if (!spent.isEmpty()) {
      return new Deny(
          Reason.FORBIDDEN,
          String.join("; ", spent)
              + "; use a desktop without a GPU until then, or ask an admin to raise quota.budgets",
          check.warnings());
    }
    try {
      Optional<Deny> undecided = keepFormerHome(request, check, limits, deadline);
      if (undecided.isPresent()) {
        return undecided.get();
      }
      return limits.appliesTo(check.requested())
          ? reserve(request, check, limits, deadline)
          : Allow.unchanged(check.warnings());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return unavailable("the webhook is stopping, try again", check);
    }
  }

  /** Of a request for GPUs: what runs keeps them. */
  private List<String> spentBudgets(QuotaCheckRequired check) {
    return check.requested().amount().gpus() == 0
        ? List.of()
        : budgets.spent(check.requested().user(), check.groups());
  }

  /**
   * Lets the former size of a home that is made smaller count a little longer, by a reservation
   * that no session refers to, so that it expires. Otherwise its user could use the storage twice:
   * the controller may be about to grow the claim to the former size.
   */
  private Optional<Deny> keepFormerHome(
      AdmissionRequest request,
      QuotaCheckRequired check,
      QuotaLimits limits,
      DecisionDeadline deadline)
      throws InterruptedException {
    if (check.former().filter(limits::appliesTo).isEmpty()) {
      return Optional.empty();
    }
    ReservationResult result =
        quota.reserve(
            request.uid() + FORMER, check.former().get(), !request.dryRun(), deadline.remaining());
    return switch (result) {
      case ReservationResult.Granted() -> Optional.empty();
      case ReservationResult.Exceeded(List<QuotaViolation> violations) ->
          Optional.of(
              unavailable(
                  "the home has changed, try again: " + QuotaViolation.message(violations), check));
      case ReservationResult.Undecided(String reason) ->
          Optional.of(unavailable("quotas cannot be checked now, try again: " + reason, check));
    };
  }

  private Response reserve(
      AdmissionRequest request,
      QuotaCheckRequired check,
      QuotaLimits limits,
      DecisionDeadline deadline)
      throws InterruptedException {
    List<QuotaViolation> never = limits.violationsAlone(check.total());
    boolean keep = !request.dryRun() && never.isEmpty();
    String id =
        check
            .reservationId()
            .filter(QuotaReserver::isId)
            .filter(it -> !quota.isUsed(it))
            .orElse(request.uid());
    ReservationResult result = quota.reserve(id, check.requested(), keep, deadline.remaining());
    return switch (result) {
      case ReservationResult.Granted() ->
          never.isEmpty()
              ? Allow.unchanged(check.warnings())
              : neverFits(limits.mode(), never, request, check);
      case ReservationResult.Exceeded(List<QuotaViolation> violations) ->
          never.isEmpty()
              ? exceeded(limits.mode(), violations, request, check)
              : neverFits(limits.mode(), violations, request, check);
      case ReservationResult.Undecided(String reason) ->
          unavailable("quotas cannot be checked now, try again: " + reason, check);
    };
  }

  /** Denied in both modes: in the queue the session would wait until an admin raises the limit. */
  private static Deny neverFits(
      QuotaLimits.Mode mode,
      List<QuotaViolation> violations,
      AdmissionRequest request,
      QuotaCheckRequired check) {
    String message = message(violations, request, check);
    return new Deny(
        Reason.FORBIDDEN,
        switch (mode) {
          case REJECT -> message;
          case QUEUE ->
              message
                  + "; the session cannot wait for this, because the request alone is above the"
                  + " limit: lower it, or ask an admin to raise the limit";
        },
        check.warnings());
  }

  private static Response exceeded(
      QuotaLimits.Mode mode,
      List<QuotaViolation> violations,
      AdmissionRequest request,
      QuotaCheckRequired check) {
    String message = message(violations, request, check);
    // A waiting session has its home while it waits, so storage is never waited for.
    boolean waits =
        mode == QuotaLimits.Mode.QUEUE
            && violations.stream().noneMatch(QuotaViolation::isOfStorage);
    return waits
        ? Allow.unchanged(
            Stream.concat(
                    check.warnings().stream(),
                    Stream.of(message + "; the session waits in the queue"))
                .toList())
        : new Deny(Reason.FORBIDDEN, message, check.warnings());
  }

  /** The violations, and for storage what can be done: a retained home is easily forgotten. */
  private static String message(
      List<QuotaViolation> violations, AdmissionRequest request, QuotaCheckRequired check) {
    String message = QuotaViolation.message(violations);
    return violations.stream()
        .filter(QuotaViolation::isOfStorage)
        .findFirst()
        .map(storage ->
            message
                + "; ask for a smaller spec.persistence.size, delete a home that is not needed any"
                + " more (kubectl -n %s get pvc -l %s,%s=%s, then kubectl delete pvc <name>), or ask"
                    .formatted(
                        request.namespace(),
                        Labels.MANAGED_SELECTOR,
                        Labels.USER,
                        Labels.valueOf(check.requested().user()))
                + " an admin to raise quota."
                + storage.scope().text()
                + ".storage")
        .orElse(message);
  }

  private static Deny unavailable(String message, QuotaCheckRequired check) {
    return new Deny(Reason.SERVICE_UNAVAILABLE, message, check.warnings());
  }
}
