package io.vdi.operator.admission;

import io.vdi.operator.admission.quota.QuotaReserver;
import io.vdi.operator.admission.quota.QuotaReserver.ReservationResult;
import io.vdi.operator.admission.validation.AdmissionContext;
import io.vdi.operator.admission.validation.AdmissionPolicy;
import io.vdi.operator.admission.validation.AdmissionRequest;
import io.vdi.operator.admission.validation.ContextQuery;
import io.vdi.operator.admission.validation.QuotaCheckRequired;
import io.vdi.operator.admission.validation.Response;
import io.vdi.operator.admission.validation.Response.Allow;
import io.vdi.operator.admission.validation.Response.Deny;
import io.vdi.operator.admission.validation.Response.Reason;
import io.vdi.operator.admission.validation.SessionAdmission;
import io.vdi.operator.admission.validation.Verdict;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.quota.QuotaLimits;
import io.vdi.operator.common.quota.QuotaViolation;
import java.util.List;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Answers admission requests: gathers what the rules require to know, lets the rules decide, and
 * reserves quota if they require it. What cannot be decided in time is denied with code 503.
 */
final class AdmissionHandler {
  private final ContextGatherer gatherer;
  private final AccessReviewer reviewer;
  private final QuotaReserver quota;
  private final Supplier<AdmissionConfig> config;
  private final LongSupplier elapsedNanos;

  /**
   * @param elapsedNanos as {@link System#nanoTime}
   */
  AdmissionHandler(
      ContextGatherer gatherer,
      AccessReviewer reviewer,
      QuotaReserver quota,
      Supplier<AdmissionConfig> config,
      LongSupplier elapsedNanos) {
    this.gatherer = gatherer;
    this.reviewer = reviewer;
    this.quota = quota;
    this.config = config;
    this.elapsedNanos = elapsedNanos;
  }

  /** Adds the defaults to a session. */
  Response mutate(AdmissionRequest request) {
    Deadline deadline = deadline();
    return inTime(
        deadline,
        decide(
            ContextQuery.forMutation(request),
            deadline,
            context -> SessionAdmission.mutate(request, context)));
  }

  /** Checks rules, identity and quotas. */
  Response validate(AdmissionRequest request) {
    Deadline deadline = deadline();
    return inTime(
        deadline,
        decide(
            ContextQuery.forValidation(request),
            deadline,
            context -> validate(request, context, deadline)));
  }

  private Deadline deadline() {
    return Deadline.in(config.get().admission().deadline(), elapsedNanos);
  }

  /** Nobody waits for a late allow, and the quota that it got is released. */
  private static Response inTime(Deadline deadline, Response response) {
    return response instanceof Allow && deadline.isOver()
        ? undecided("the decision took longer than " + deadline.total().toSeconds() + " s")
        : response;
  }

  private Response decide(
      ContextQuery query, Deadline deadline, Function<AdmissionContext, Response> decision) {
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

  private Response validate(AdmissionRequest request, AdmissionContext context, Deadline deadline) {
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

  private Response answer(AdmissionRequest request, Verdict verdict, Deadline deadline) {
    return switch (verdict) {
      case Response response -> response;
      case QuotaCheckRequired check -> checkQuota(request, check, deadline);
    };
  }

  private Response checkQuota(
      AdmissionRequest request, QuotaCheckRequired check, Deadline deadline) {
    QuotaLimits limits = config.get().quota();
    if (!limits.appliesTo(check.requested())) {
      return Allow.unchanged(check.warnings());
    }
    List<QuotaViolation> never = limits.violationsAlone(check.total());
    boolean keep = !request.dryRun() && never.isEmpty();
    String id =
        check
            .reservationId()
            .filter(QuotaReserver::isId)
            .filter(it -> !quota.isUsed(it))
            .orElse(request.uid());
    try {
      ReservationResult result = quota.reserve(id, check.requested(), keep, deadline.remaining());
      return switch (result) {
        case ReservationResult.Granted() ->
            never.isEmpty()
                ? Allow.unchanged(check.warnings())
                : neverFits(limits.mode(), never, check.warnings());
        case ReservationResult.Exceeded(List<QuotaViolation> violations) ->
            never.isEmpty()
                ? exceeded(limits.mode(), QuotaViolation.message(violations), check.warnings())
                : neverFits(limits.mode(), violations, check.warnings());
        case ReservationResult.Undecided(String reason) ->
            unavailable("quotas cannot be checked now, try again: " + reason, check);
      };
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return unavailable("the webhook is stopping, try again", check);
    }
  }

  /** Denied in both modes: in the queue the session would wait until an admin raises the limit. */
  private static Deny neverFits(
      QuotaLimits.Mode mode, List<QuotaViolation> violations, List<String> warnings) {
    String message = QuotaViolation.message(violations);
    return new Deny(
        Reason.FORBIDDEN,
        switch (mode) {
          case REJECT -> message;
          case QUEUE ->
              message
                  + "; the session cannot wait for this, because the request alone is above the"
                  + " limit: lower it, or ask an admin to raise the limit";
        },
        warnings);
  }

  private static Response exceeded(QuotaLimits.Mode mode, String message, List<String> warnings) {
    return switch (mode) {
      case REJECT -> new Deny(Reason.FORBIDDEN, message, warnings);
      case QUEUE ->
          Allow.unchanged(
              Stream.concat(
                      warnings.stream(), Stream.of(message + "; the session waits in the queue"))
                  .toList());
    };
  }

  private static Deny unavailable(String message, QuotaCheckRequired check) {
    return new Deny(Reason.SERVICE_UNAVAILABLE, message, check.warnings());
  }
}
