package io.vdi.operator.admission.validation;

import io.vdi.operator.admission.validation.Response.Allow;
import io.vdi.operator.admission.validation.Response.Deny;
import io.vdi.operator.admission.validation.Response.Reason;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.quota.QuotaRequest;
import io.vdi.operator.common.quota.ResourceAmounts;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Decides about requests for sessions, and passes requests for templates on to {@link
 * TemplateAdmission}; docs/specification.md, section 4.
 */
public final class SessionAdmission {
  private final AdmissionRequest request;
  private final AdmissionContext context;
  private final AdmissionPolicy policy;

  private SessionAdmission(
      AdmissionRequest request, AdmissionContext context, AdmissionPolicy policy) {
    this.request = request;
    this.context = context;
    this.policy = policy;
  }

  /**
   * The answer of the mutating webhook: always an allow, with a patch that adds what is missing.
   *
   * @param context as {@link ContextQuery#forMutation} requires it
   */
  public static Response mutate(AdmissionRequest request, AdmissionContext context) {
    if (!request.is(AdmissionRequest.SESSION)) {
      return unknownKind(request);
    }
    if (!request.subResource().isEmpty() || request.object().isEmpty()) {
      return Allow.unchanged(List.of());
    }
    RawObject session = new RawObject(request.object().get());
    return switch (request.operation()) {
      case "CREATE" ->
          new Allow(
              DefaultingPatch.forCreate(
                  session, context.template(), request.caller().username(), request.uid()),
              List.of());
      case "UPDATE" ->
          request
              .oldObject()
              .map(RawObject::new)
              .filter(old -> !old.isDeleting())
              .map(old ->
                  new Allow(
                      DefaultingPatch.forUpdate(
                          session,
                          old,
                          context.template(),
                          additional(session, old, context.template()).isZero()
                              ? Optional.empty()
                              : Optional.of(request.uid())),
                      List.of()))
              .orElseGet(() -> Allow.unchanged(List.of()));
      default -> Allow.unchanged(List.of());
    };
  }

  /**
   * Checks all rules.
   *
   * @param context as {@link ContextQuery#forValidation} requires it
   */
  public static Verdict validate(
      AdmissionRequest request, AdmissionContext context, AdmissionPolicy policy) {
    if (request.is(AdmissionRequest.TEMPLATE)) {
      return TemplateAdmission.validate(request, context, policy);
    }
    return request.is(AdmissionRequest.SESSION)
        ? new SessionAdmission(request, context, policy).validate()
        : unknownKind(request);
  }

  private Verdict validate() {
    if (!request.subResource().isEmpty()) {
      return Allow.unchanged(List.of());
    }
    Optional<RawObject> object = request.object().map(RawObject::new);
    Optional<RawObject> old = request.oldObject().map(RawObject::new);
    return switch (request.operation()) {
      case "CREATE" -> object.map(this::create).orElseGet(() -> Deny.missing("object"));
      case "UPDATE" ->
          object.isEmpty()
              ? Deny.missing("object")
              : old.map(before -> update(object.get(), before))
                  .orElseGet(() -> Deny.missing("oldObject"));
      default -> Allow.unchanged(List.of());
    };
  }

  private Verdict create(RawObject object) {
    List<String> violations = new ArrayList<>(SessionRules.violations(object.json()));
    Optional<VdiSession> session = object.session();
    Optional<VdiTemplate> template = context.template();
    if (session.isPresent() && template.isPresent()) {
      violations.addAll(
          TemplateLimits.violations(template.get(), session.get().spec(), Optional.empty()));
    }
    Optional<String> access =
        template.flatMap(
            found -> TemplateLimits.accessViolation(found, object.user(), request.caller()));
    return judge(
        object,
        session,
        violations,
        access,
        created -> new ResourceAmounts(1, gpus(created, template)));
  }

  private Verdict update(RawObject object, RawObject old) {
    if (old.isDeleting()) {
      // The finalizer is removed by an update. A rule must never prevent a deletion.
      return Allow.unchanged(List.of());
    }
    if (object.spec().equals(old.spec())
        && object.annotations().equals(old.annotations())
        && object.labels().equals(old.labels())) {
      return Allow.unchanged(List.of());
    }
    List<String> violations = new ArrayList<>(SessionRules.violations(object.json()));
    Optional<VdiSession> session = object.session();
    Optional<VdiSession> before = old.session();
    Optional<VdiTemplate> template = context.template();
    if (session.isPresent() && before.isPresent()) {
      violations.addAll(ImmutableFieldRules.violations(before.get().spec(), session.get().spec()));
      HomeSizeRule.violation(before.get().spec(), session.get().spec(), template, context.home())
          .ifPresent(violations::add);
      template.ifPresent(found ->
          violations.addAll(
              TemplateLimits.violations(
                  found, session.get().spec(), before.map(VdiSession::spec))));
    }
    return judge(
        object,
        session,
        violations,
        Optional.empty(),
        changed -> before.map(b -> additional(changed, b, template)).orElse(ResourceAmounts.ZERO));
  }

  /**
   * Denies with everything that the rules and the identity of the caller object to, otherwise asks
   * for a quota check if the request needs resources.
   *
   * @param session the decoded object; empty if it cannot be decoded
   * @param violations of rules
   * @param access why the user cannot use the template; empty if it can
   * @param requested what the session requests beyond what it already has
   */
  private Verdict judge(
      RawObject object,
      Optional<VdiSession> session,
      List<String> violations,
      Optional<String> access,
      Function<VdiSession, ResourceAmounts> requested) {
    Optional<String> identity = policy.identity().violation(request.caller(), object.user());
    boolean enforced = policy.identity().mode() == Identity.Mode.ENFORCE;
    List<String> forbidden = new ArrayList<>();
    identity.filter(message -> enforced).ifPresent(forbidden::add);
    access.ifPresent(forbidden::add);
    List<String> warnings = new ArrayList<>();
    session.ifPresent(s ->
        warnings.addAll(
            context
                .template()
                .map(found -> SessionWarnings.of(s.spec(), found, context.timeSliced()))
                .orElseGet(() -> SessionWarnings.missingTemplate(s.spec().template()))));
    identity.filter(message -> !enforced).ifPresent(warnings::add);
    if (violations.isEmpty() && session.isEmpty()) {
      violations.add("the object cannot be read as a VDISession");
    }
    if (violations.isEmpty() && forbidden.isEmpty() && session.isPresent()) {
      return checkQuota(session.get(), requested.apply(session.get()), warnings);
    }
    Reason reason = violations.isEmpty() ? Reason.FORBIDDEN : Reason.INVALID;
    violations.addAll(forbidden);
    return Deny.of(reason, violations, warnings);
  }

  private Verdict checkQuota(VdiSession session, ResourceAmounts requested, List<String> warnings) {
    if (requested.isZero()) {
      return Allow.unchanged(warnings);
    }
    QuotaRequest added =
        new QuotaRequest(
            session.spec().user(),
            session.namespace().isEmpty() ? request.namespace() : session.namespace(),
            session.spec().template(),
            requested);
    return new QuotaCheckRequired(
        session.metadata().annotation(Annotations.RESERVATION),
        added,
        added.with(new ResourceAmounts(requested.sessions(), gpus(session, context.template()))),
        warnings);
  }

  /** What a change requests beyond what the session already has. */
  private static ResourceAmounts additional(
      RawObject now, RawObject before, Optional<VdiTemplate> template) {
    return now.session()
        .flatMap(session -> before.session().map(old -> additional(session, old, template)))
        .orElse(ResourceAmounts.ZERO);
  }

  private static ResourceAmounts additional(
      VdiSession now, VdiSession before, Optional<VdiTemplate> template) {
    return new ResourceAmounts(0, Math.max(0, gpus(now, template) - gpus(before, template)));
  }

  /**
   * The GPUs of a session by its spec alone. A Failed session keeps its request, or its user could
   * raise it without a check.
   */
  private static long gpus(VdiSession session, Optional<VdiTemplate> template) {
    return session.spec().suspended() ? 0 : QuotaRequest.gpusWhenRunning(session.spec(), template);
  }

  private static Allow unknownKind(AdmissionRequest request) {
    return Allow.unchanged(
        List.of("this webhook does not handle " + request.group() + " " + request.kind()));
  }
}
