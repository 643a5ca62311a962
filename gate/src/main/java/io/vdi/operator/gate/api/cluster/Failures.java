package io.vdi.operator.gate.api.cluster;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.gate.api.GateMessage;
import io.vdi.operator.gate.api.Outcome;
import io.vdi.operator.gate.api.ProblemType;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a failed call to the API server means for the user, in the words of the server. */
final class Failures {
  private static final Logger LOG = LoggerFactory.getLogger(Failures.class);

  /** {@code admission webhook "validate.vdi.kasm.io" denied the request: }. */
  private static final Pattern WEBHOOK =
      Pattern.compile("^admission webhook \"[^\"]{1,253}\" denied the request: ");

  /** The field with which a violation begins. */
  private static final Pattern FIELD = Pattern.compile("(?:^|: |; )spec\\.([A-Za-z.]{1,100})");

  private static final int MAX_MESSAGE = 2000;

  private Failures() {}

  /**
   * The outcome of a call that was made in the name of the user.
   *
   * @param withVersion whether the user has named the version that the object must have
   */
  static <T> Outcome<T> outcome(ApiResult<T> result, boolean withVersion) {
    return switch (result) {
      case ApiResult.Ok<T>(T value) -> new Outcome.Done<>(value);
      case ApiResult.Unreachable<T>(String message) -> unavailable(message);
      case ApiResult.Rejected<T>(int code, String reason, String message) ->
          rejected(code, reason, message, withVersion);
    };
  }

  private static <T> Outcome<T> rejected(
      int code, String reason, String message, boolean withVersion) {
    String text = text(message);
    if (code == 401 || message.contains("cannot impersonate resource")) {
      // Not the user but the gate is refused.
      return unavailable(message);
    }
    if (code == 403 && text.contains(" quota exceeded for ")) {
      return Outcome.refused(ProblemType.QUOTA_EXCEEDED, text);
    }
    if (code == 403 && !ApiFailure.isMissingPermission(reason, message) && isInvalid(text)) {
      return new Outcome.Refused<>(ProblemType.FORBIDDEN, text, field(text));
    }
    return switch (code) {
      case 400, 422 -> new Outcome.Refused<>(ProblemType.INVALID, text, field(text));
      case 403 -> Outcome.refused(ProblemType.FORBIDDEN, text);
      case 404, 410 -> Outcome.refused(ProblemType.NOT_FOUND, text);
      case 409 ->
          reason.equals("AlreadyExists")
              ? Outcome.refused(ProblemType.CONFLICT, text, "name")
              : Outcome.refused(
                  withVersion ? ProblemType.PRECONDITION_FAILED : ProblemType.CONFLICT, text);
      case 413 -> Outcome.refused(ProblemType.TOO_LARGE, text);
      case 429 -> Outcome.refused(ProblemType.TOO_MANY_REQUESTS, text);
      default -> unavailable(message);
    };
  }

  private static boolean isInvalid(String text) {
    return FIELD.matcher(text).find();
  }

  private static Optional<String> field(String text) {
    Matcher matcher = FIELD.matcher(text);
    return matcher.find() ? Optional.of(RequestFields.of(matcher.group(1))) : Optional.empty();
  }

  private static String text(String message) {
    String text = WEBHOOK.matcher(message).replaceFirst("");
    return text.length() <= MAX_MESSAGE ? text : text.substring(0, MAX_MESSAGE - 1) + "…";
  }

  /** The message of the server can name hosts and accounts of the cluster: it is only logged. */
  static <T> Outcome<T> unavailable(String message) {
    LOG.error("a call in the name of a user failed: {}", message);
    return new Outcome.Unavailable<>(GateMessage.CLUSTER_UNAVAILABLE.text());
  }
}
