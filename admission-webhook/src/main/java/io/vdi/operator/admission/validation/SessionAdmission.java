package io.vdi.operator.admission.validation;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonPrimitive;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.quota.QuotaRequest;
import io.vdi.operator.common.quota.ResourceAmounts;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** The decisions of both webhooks, spec.md section 4. */
public final class SessionAdmission {
  private static final int INVALID = 422;
  private static final int FORBIDDEN = 403;

  private final AdmissionRequest request;
  private final AdmissionContext view;
  private final AdmissionPolicy policy;

  private SessionAdmission(
      AdmissionRequest request, AdmissionContext view, AdmissionPolicy policy) {
    this.request = request;
    this.view = view;
    this.policy = policy;
  }

  /** Whether this may be. */
  public static Decision validate(
      AdmissionRequest request, AdmissionContext view, AdmissionPolicy policy) {
    return new SessionAdmission(request, view, policy).validate();
  }

  /** What is to be added to this. */
  public static Decision mutate(AdmissionRequest request, AdmissionContext view) {
    if (!request.is("VDISession")) {
      return notOurs(request);
    }
    if (!request.subResource().isEmpty() || request.object().isEmpty()) {
      return Decision.Allow.unchanged(List.of());
    }
    JsonObject session = request.object().get();
    return switch (request.operation()) {
      case "CREATE" ->
          new Decision.Allow(
              DefaultingPatch.ofNew(
                  session,
                  templateName(session).flatMap(view.template()),
                  request.caller().username(),
                  request.uid()),
              List.of());
      case "UPDATE" ->
          request
              .oldObject()
              .filter(old -> !isDeleting(session))
              .<Decision>map(old ->
                  new Decision.Allow(
                      DefaultingPatch.ofChanged(
                          session,
                          old,
                          more(session, old, view).isZero()
                              ? Optional.empty()
                              : Optional.of(request.uid())),
                      List.of()))
              .orElseGet(() -> Decision.Allow.unchanged(List.of()));
      default -> Decision.Allow.unchanged(List.of());
    };
  }

  private Decision validate() {
    if (request.is("VDITemplate")) {
      return template();
    }
    if (!request.is("VDISession")) {
      return notOurs(request);
    }
    if (!request.subResource().isEmpty()) {
      return Decision.Allow.unchanged(List.of());
    }
    return switch (request.operation()) {
      case "CREATE" -> request.object().map(this::created).orElseGet(() -> missing("object"));
      case "UPDATE" ->
          request.object().isEmpty()
              ? missing("object")
              : request
                  .oldObject()
                  .map(old -> changed(request.object().get(), old))
                  .orElseGet(() -> missing("oldObject"));
      default -> Decision.Allow.unchanged(List.of());
    };
  }

  private Decision created(JsonObject object) {
    List<String> violations = new ArrayList<>(SessionRules.violations(object));
    Optional<VdiSession> session = decode(object);
    Optional<VdiTemplate> template = templateName(object).flatMap(view.template());
    if (template.isEmpty() && violations.stream().noneMatch(v -> v.startsWith("spec.template"))) {
      violations.add(
          "spec.template \"%s\": there is no such VDITemplate: kubectl get vdit shows those there are"
              .formatted(templateName(object).orElse("")));
    }
    if (session.isPresent() && template.isPresent()) {
      violations.addAll(
          TemplateLimits.violations(template.get(), session.get().spec(), Optional.empty()));
    }
    return judged(
        object,
        violations,
        session,
        template,
        true,
        now -> new ResourceAmounts(1, gpus(now, template)));
  }

  private Decision changed(JsonObject object, JsonObject old) {
    if (isDeleting(object)) {
      // Nothing may keep a session from its end: finalizers go by updates.
      return Decision.Allow.unchanged(List.of());
    }
    if (DefaultingPatch.object(object, "spec").equals(DefaultingPatch.object(old, "spec"))
        && annotations(object).equals(annotations(old))
        && labels(object).equals(labels(old))) {
      return Decision.Allow.unchanged(List.of());
    }
    List<String> violations = new ArrayList<>(SessionRules.violations(object));
    Optional<VdiSession> session = decode(object);
    Optional<VdiSession> before = decode(old);
    Optional<VdiTemplate> template = templateName(old).flatMap(view.template());
    if (session.isPresent() && before.isPresent()) {
      violations.addAll(ImmutableFieldRules.violations(before.get().spec(), session.get().spec()));
      template.ifPresent(found ->
          violations.addAll(
              TemplateLimits.violations(
                  found, session.get().spec(), before.map(VdiSession::spec))));
    }
    return judged(
        object,
        violations,
        session,
        template,
        false,
        now -> before.map(was -> more(now, was, template)).orElse(ResourceAmounts.ZERO));
  }

  /**
   * The refusal by rules or by identity, if there is one, else what it asks of the quotas.
   *
   * @param asks what the session asks for beyond what it holds
   */
  private Decision judged(
      JsonObject object,
      List<String> violations,
      Optional<VdiSession> session,
      Optional<VdiTemplate> template,
      boolean isNew,
      Function<VdiSession, ResourceAmounts> asks) {
    List<String> objections = new ArrayList<>();
    String user =
        DefaultingPatch.object(object, "spec").get("user") instanceof JsonPrimitive p
            ? p.getAsString()
            : "";
    Optional<String> identity = policy.identity().objection(request.caller(), user);
    boolean enforced = policy.identity().mode() == Identity.Mode.ENFORCE;
    identity.filter(words -> enforced).ifPresent(objections::add);
    if (isNew) {
      template
          .flatMap(found -> TemplateLimits.notAllowed(found, user, request.caller()))
          .ifPresent(objections::add);
    }
    List<String> warnings = new ArrayList<>();
    session.ifPresent(
        s -> warnings.addAll(SessionWarnings.of(s.spec(), template, view.timeSliced())));
    identity.filter(words -> !enforced).ifPresent(warnings::add);
    if (violations.isEmpty() && session.isEmpty()) {
      violations.add("the object cannot be read as a VDISession");
    }
    if (violations.isEmpty() && objections.isEmpty()) {
      return fits(session.orElseThrow(), asks.apply(session.get()), warnings);
    }
    int code = violations.isEmpty() ? FORBIDDEN : INVALID;
    violations.addAll(objections);
    return deny(code, violations, warnings);
  }

  private Decision fits(VdiSession session, ResourceAmounts more, List<String> warnings) {
    if (more.isZero()) {
      return Decision.Allow.unchanged(warnings);
    }
    return new Decision.QuotaCheckRequired(
        session.metadata().annotation(Annotations.RESERVATION),
        new QuotaRequest(
            session.spec().user(),
            session.namespace().isEmpty() ? request.namespace() : session.namespace(),
            session.spec().template(),
            more),
        warnings);
  }

  private Decision template() {
    if (request.operation().equals("DELETE")) {
      List<String> users = view.sessionsUsing().apply(request.name());
      return users.isEmpty()
          ? Decision.Allow.unchanged(List.of())
          : new Decision.Deny(
              FORBIDDEN,
              "VDITemplate %s is used by %d session%s (%s%s): delete these first"
                  .formatted(
                      request.name(),
                      users.size(),
                      users.size() == 1 ? "" : "s",
                      String.join(", ", users.stream().limit(5).toList()),
                      users.size() > 5 ? ", …" : ""),
              List.of());
    }
    if (request.object().isEmpty() || !request.subResource().isEmpty()) {
      return request.subResource().isEmpty()
          ? missing("object")
          : Decision.Allow.unchanged(List.of());
    }
    JsonObject object = request.object().get();
    List<String> warnings = TemplateRules.warnings(object);
    List<String> violations = TemplateRules.violations(object, policy.allowedRegistries());
    boolean asBefore =
        isDeleting(object)
            || request
                .oldObject()
                .filter(old ->
                    DefaultingPatch.object(old, "spec")
                        .equals(DefaultingPatch.object(object, "spec")))
                .isPresent();
    return violations.isEmpty() || asBefore
        ? Decision.Allow.unchanged(warnings)
        : deny(INVALID, violations, warnings);
  }

  /** What a change asks for beyond what the session holds already. */
  private static ResourceAmounts more(JsonObject now, JsonObject before, AdmissionContext view) {
    Optional<VdiSession> session = decode(now);
    Optional<VdiSession> old = decode(before);
    if (session.isEmpty() || old.isEmpty()) {
      return ResourceAmounts.ZERO;
    }
    return more(session.get(), old.get(), templateName(before).flatMap(view.template()));
  }

  private static ResourceAmounts more(
      VdiSession now, VdiSession before, Optional<VdiTemplate> template) {
    return new ResourceAmounts(0, Math.max(0, gpus(now, template) - gpus(before, template)));
  }

  /** By its spec alone: that a session has Failed is no reason to let its user ask for more. */
  private static long gpus(VdiSession session, Optional<VdiTemplate> template) {
    return session.spec().suspended() ? 0 : QuotaRequest.gpusWhenRunning(session.spec(), template);
  }

  private static Decision notOurs(AdmissionRequest request) {
    return Decision.Allow.unchanged(
        List.of("this webhook knows nothing of " + request.group() + " " + request.kind()));
  }

  private static Decision missing(String field) {
    return new Decision.Deny(INVALID, "the request has no " + field, List.of());
  }

  private static Decision deny(int code, List<String> problems, List<String> warnings) {
    return new Decision.Deny(
        code,
        problems.size() == 1
            ? problems.getFirst()
            : problems.size() + " problems:\n- " + String.join("\n- ", problems),
        warnings);
  }

  private static Optional<String> templateName(JsonObject session) {
    return DefaultingPatch.object(session, "spec").get("template") instanceof JsonPrimitive p
            && p.isString()
        ? Optional.of(p.getAsString())
        : Optional.empty();
  }

  private static JsonObject annotations(JsonObject object) {
    return DefaultingPatch.object(DefaultingPatch.object(object, "metadata"), "annotations");
  }

  private static JsonObject labels(JsonObject object) {
    return DefaultingPatch.object(DefaultingPatch.object(object, "metadata"), "labels");
  }

  private static boolean isDeleting(JsonObject object) {
    return DefaultingPatch.object(object, "metadata").has("deletionTimestamp");
  }

  /** Empty where a field has a type that the model cannot take; the rules name it. */
  private static Optional<VdiSession> decode(JsonObject object) {
    try {
      JsonObject spec = DefaultingPatch.object(object, "spec");
      JsonObject readable = object;
      if (spec.has("suspended") && spec.get("suspended").isJsonNull()) {
        // Null is absent; a record's boolean cannot be null.
        readable = object.deepCopy();
        readable.getAsJsonObject("spec").remove("suspended");
      }
      return Optional.of(KubeGson.gson().fromJson(readable, VdiSession.class));
    } catch (JsonParseException | NumberFormatException e) {
      return Optional.empty();
    }
  }
}
