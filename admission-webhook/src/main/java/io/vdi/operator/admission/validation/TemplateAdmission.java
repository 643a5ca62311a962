package io.vdi.operator.admission.validation;

import com.google.gson.JsonParseException;
import io.vdi.operator.admission.validation.Response.Allow;
import io.vdi.operator.admission.validation.Response.Deny;
import io.vdi.operator.admission.validation.Response.Reason;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.GpuRequest;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Decides about requests for templates; docs/specification.md, section 4. */
final class TemplateAdmission {
  private static final int MAX_LISTED = 5;

  private TemplateAdmission() {}

  static Verdict validate(
      AdmissionRequest request, AdmissionContext context, AdmissionPolicy policy) {
    if (request.subResource().equals("status")) {
      return SessionAccess.ofStatus(request, policy.identity());
    }
    if (!request.subResource().isEmpty()) {
      return Deny.unknownSubResource(request);
    }
    if (request.operation().equals("DELETE")) {
      return delete(request.objectName(), context.sessionsUsingTemplate());
    }
    return request
        .object()
        .map(RawObject::new)
        .<Verdict>map(template -> write(template, request, policy))
        .orElseGet(() -> Deny.missing("object"));
  }

  private static Response delete(String name, List<String> sessions) {
    return sessions.isEmpty()
        ? Allow.unchanged(List.of())
        : new Deny(
            Reason.FORBIDDEN,
            "VDITemplate %s is used by %d session%s (%s%s): delete these first"
                .formatted(
                    name,
                    sessions.size(),
                    sessions.size() == 1 ? "" : "s",
                    String.join(", ", sessions.stream().limit(MAX_LISTED).toList()),
                    sessions.size() > MAX_LISTED ? ", …" : ""),
            List.of());
  }

  private static Verdict write(
      RawObject template, AdmissionRequest request, AdmissionPolicy policy) {
    List<String> violations =
        TemplateRules.violations(
            template.json(),
            request.oldObject().map(RawObject::new).map(RawObject::json),
            policy.allowedRegistries());
    Optional<VdiTemplate> parsed = violations.isEmpty() ? parsed(template) : Optional.empty();
    List<String> warnings =
        Stream.concat(
                TemplateRules.warnings(template.json()).stream(),
                parsed.stream().flatMap(TemplateAdmission::scheduleWarning))
            .toList();
    boolean unchangedOrDeleting =
        request
            .oldObject()
            .map(RawObject::new)
            .filter(old -> old.isDeleting() || old.spec().equals(template.spec()))
            .isPresent();
    if (unchangedOrDeleting) {
      return Allow.unchanged(warnings);
    }
    if (!violations.isEmpty()) {
      return Deny.of(Reason.INVALID, violations, warnings);
    }
    return parsed
        .filter(TemplateAdmission::needsApiServer)
        .<Verdict>map(found -> new ApiCheckRequired(found, warnings))
        .orElseGet(() -> Allow.unchanged(warnings));
  }

  private static boolean needsApiServer(VdiTemplate template) {
    return !template.spec().podTemplate().isEmpty()
        || template.spec().gpu().request() instanceof GpuRequest.DeviceClass;
  }

  /** For sessions that leave schedule and timeout out. */
  private static Stream<String> scheduleWarning(VdiTemplate template) {
    return ScheduleRules.warning(Defaults.effectiveSpec(VdiSession.Spec.EMPTY, template.spec()))
        .stream();
  }

  /** Empty if a field has a type that the model cannot represent; the schema refuses it then. */
  private static Optional<VdiTemplate> parsed(RawObject template) {
    try {
      return Optional.of(KubeGson.gson().fromJson(template.json(), VdiTemplate.class));
    } catch (JsonParseException | NumberFormatException e) {
      return Optional.empty();
    }
  }
}
