package io.vdi.operator.admission;

import com.google.gson.JsonObject;
import io.vdi.operator.admission.validation.ApiCheckRequired;
import io.vdi.operator.admission.validation.Response;
import io.vdi.operator.admission.validation.Response.Allow;
import io.vdi.operator.admission.validation.Response.Deny;
import io.vdi.operator.admission.validation.Response.Reason;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.GpuRequest;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.pod.TemplatePod;
import java.util.ArrayList;
import java.util.List;

/**
 * Lets the API server check the merged pod of a template and the claim of its devices, by dry-run
 * creates in the operator's namespace. Only what is invalid everywhere refuses the template. What
 * depends on the namespace or can change later, such as a missing PriorityClass or a policy, is a
 * warning.
 */
final class TemplateChecker {
  private static final String STRICT_DRY_RUN = "?dryRun=All&fieldValidation=Strict";
  private static final int BAD_REQUEST = 400;
  private static final int UNPROCESSABLE = 422;

  private final KubeClient api;
  private final String namespace;
  private final TimeLimiter limiter = new TimeLimiter();

  TemplateChecker(KubeClient api, String namespace) {
    this.api = api;
    this.namespace = namespace;
  }

  /** A dry-run create, with what begins the message if it is refused or may fail. */
  private record DryRun(ResourceType<?> type, JsonObject object, String refused, String unclear) {}

  Response check(ApiCheckRequired check, DecisionDeadline deadline) {
    List<String> warnings = new ArrayList<>(check.warnings());
    for (DryRun run : dryRuns(check.template())) {
      switch (call(run, deadline)) {
        case ApiResult.Ok<JsonObject> _ -> {
          // Accepted.
        }
        case ApiResult.Rejected<JsonObject>(int code, String reason, String message)
            when code == UNPROCESSABLE || code == BAD_REQUEST -> {
          return new Deny(Reason.INVALID, run.refused() + message, List.copyOf(warnings));
        }
        case ApiResult.Rejected<JsonObject>(int code, String reason, String message) ->
            warnings.add(run.unclear() + message);
        case ApiResult.Unreachable<JsonObject>(String message) ->
            warnings.add(run.unclear() + message);
      }
    }
    return Allow.unchanged(List.copyOf(warnings));
  }

  private static List<DryRun> dryRuns(VdiTemplate template) {
    List<DryRun> runs = new ArrayList<>();
    if (!template.spec().podTemplate().isEmpty()) {
      runs.add(
          new DryRun(
              ResourceType.POD,
              TemplatePod.of(template),
              "spec.podTemplate: the API server refuses the merged pod: correct this field: ",
              "spec.podTemplate: the merged pod may not start: "));
    }
    switch (template.spec().gpu().request()) {
      case GpuRequest.ExtendedResource _ -> {
        // Its limit is in the pod, and its name has been checked.
      }
      case GpuRequest.DeviceClass devices ->
          runs.add(
              new DryRun(
                  ResourceType.RESOURCE_CLAIM_TEMPLATE,
                  TemplatePod.claimTemplate(devices),
                  "spec.gpu: the API server refuses the claim of the devices: correct this field: ",
                  "spec.gpu: the devices may not be available: "));
    }
    return runs;
  }

  private ApiResult<JsonObject> call(DryRun run, DecisionDeadline deadline) {
    return limiter.call(
        deadline.remaining(),
        () -> api.request("POST", run.type().path(namespace) + STRICT_DRY_RUN, run.object()));
  }
}
