package io.vdi.operator.admission;

import com.google.gson.JsonObject;
import io.vdi.operator.admission.validation.PodCheckRequired;
import io.vdi.operator.admission.validation.Response;
import io.vdi.operator.admission.validation.Response.Allow;
import io.vdi.operator.admission.validation.Response.Deny;
import io.vdi.operator.admission.validation.Response.Reason;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.pod.TemplatePod;
import java.time.Duration;
import java.util.stream.Stream;

/**
 * Lets the API server check the merged pod of a template, by a dry-run create in the operator's
 * namespace. Only a pod that is invalid everywhere refuses the template. What depends on the
 * namespace or can change later, such as a missing PriorityClass or a policy, is a warning.
 */
final class TemplatePodChecker {
  private static final String STRICT_DRY_RUN = "?dryRun=All&fieldValidation=Strict";
  private static final int BAD_REQUEST = 400;
  private static final int UNPROCESSABLE = 422;

  private final KubeClient api;
  private final String namespace;
  private final TimeLimiter limiter = new TimeLimiter();

  TemplatePodChecker(KubeClient api, String namespace) {
    this.api = api;
    this.namespace = namespace;
  }

  Response check(PodCheckRequired check, Duration limit) {
    JsonObject pod = TemplatePod.of(check.template());
    ApiResult<JsonObject> result =
        limiter.call(
            limit,
            () -> api.request("POST", ResourceType.POD.path(namespace) + STRICT_DRY_RUN, pod));
    return switch (result) {
      case ApiResult.Ok<JsonObject>(JsonObject accepted) -> Allow.unchanged(check.warnings());
      case ApiResult.Rejected<JsonObject>(int code, String reason, String message)
          when code == UNPROCESSABLE || code == BAD_REQUEST ->
          new Deny(
              Reason.INVALID,
              "spec.podTemplate: the API server refuses the merged pod: correct this field: "
                  + message,
              check.warnings());
      case ApiResult.Rejected<JsonObject>(int code, String reason, String message) ->
          unchecked(check, message);
      case ApiResult.Unreachable<JsonObject>(String message) -> unchecked(check, message);
    };
  }

  private static Allow unchecked(PodCheckRequired check, String message) {
    return Allow.unchanged(
        Stream.concat(
                check.warnings().stream(),
                Stream.of("spec.podTemplate: the merged pod may not start: " + message))
            .toList());
  }
}
