package io.vdi.operator.admission.validation;

import io.vdi.operator.admission.validation.Response.Allow;
import io.vdi.operator.admission.validation.Response.Deny;
import io.vdi.operator.admission.validation.Response.Reason;
import io.vdi.operator.common.identity.Identity;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.TemplateLimits;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.quota.QuotaRequest;
import io.vdi.operator.common.quota.ResourceAmounts;
import io.vdi.operator.common.usage.UsageGroups;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;

/**
 * Decides about requests for sessions, and passes requests for templates on to {@link
 * TemplateAdmission}; docs/specification.md, section 4.
 */
public final class SessionAdmission {
  private final AdmissionRequest request;
  private final AdmissionContext context;
  private final AdmissionPolicy policy;
  private final SessionAccess access;

  private SessionAdmission(
      AdmissionRequest request, AdmissionContext context, AdmissionPolicy policy) {
    this.request = request;
    this.context = context;
    this.policy = policy;
    this.access = new SessionAccess(request, policy, context.callerManages());
  }

  /**
   * The answer of the mutating webhook: always an allow, with a patch that adds what is missing.
   *
   * @param context as {@link ContextQuery#forMutation} requires it
   */
  public static Response mutate(
      AdmissionRequest request, AdmissionContext context, AdmissionPolicy policy) {
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
                  session,
                  context.template(),
                  request.caller().username(),
                  request.uid(),
                  SessionAccess.recordedGroups(request, session, policy)),
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
   * Checks all rules. Whether RBAC allows the caller to manage sessions must be asked only if the
   * verdict differs for {@link AdmissionContext#managing}.
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
    if (request.subResource().equals("status")) {
      return SessionAccess.ofStatus(request, policy.identity());
    }
    if (!request.subResource().isEmpty()) {
      return Deny.unknownSubResource(request);
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
      case "DELETE" -> old.map(this::delete).orElseGet(() -> Deny.missing("oldObject"));
      default ->
          new Deny(
              Reason.INVALID,
              "operation " + ShortText.of(request.operation()) + ": sessions have none such",
              List.of());
    };
  }

  private Verdict create(RawObject object) {
    List<String> violations = new ArrayList<>(SessionRules.violations(object.json()));
    namespaceViolation().ifPresent(violations::add);
    violations.addAll(
        ShareRules.violations(object, Optional.empty(), context.template(), context.now()));
    Optional<VdiSession> session = object.session();
    Optional<VdiTemplate> template = context.template();
    if (session.isPresent() && template.isPresent()) {
      violations.addAll(
          TemplateLimits.violations(
              template.get().name(),
              template.get().spec(),
              session.get().spec(),
              Optional.empty(),
              Optional.empty()));
    }
    List<String> forbidden = new ArrayList<>(access.ofCreate(object));
    accessViolation(object).ifPresent(forbidden::add);
    return judge(
        session,
        violations,
        access.identityViolation(List.of(object.user())),
        forbidden,
        warnings(session, object, Optional.empty()),
        created ->
            new ResourceAmounts(
                1, gpus(created, template), QuotaRequest.storage(created.spec(), template)),
        created -> 0L);
  }

  /** No service watches other namespaces: a session there would wait for ever. */
  private Optional<String> namespaceViolation() {
    return policy.namespaces().includes(request.namespace())
        ? Optional.empty()
        : Optional.of(
            "metadata.namespace \"%s\": the operator manages sessions only in %s (watchNamespaces); create the session in one of these, or ask an admin to add the namespace"
                .formatted(
                    ShortText.of(request.namespace()),
                    ShortText.of(policy.namespaces().toString())));
  }

  private Verdict update(RawObject object, RawObject old) {
    if (!object.differsFrom(old) || access.isCleanup(object, old)) {
      return Allow.unchanged(List.of());
    }
    Optional<VdiSession> session = object.session();
    Optional<VdiSession> before = old.session();
    Optional<VdiTemplate> template = context.template();
    Optional<String> identity = access.identityViolation(List.of(old.user(), object.user()));
    List<String> forbidden =
        new ArrayList<>(access.ofUpdate(object, old, context.template().isPresent()));
    if ((old.isDeleting() && object.spec().equals(old.spec()))
        || ShareRules.onlyEnds(object, old)) {
      // The finalizer is removed by an update. A rule about values must never prevent a deletion,
      // and never keep a guest in a desktop.
      return decide(List.of(), identity, forbidden, List.of())
          .orElseGet(() -> Allow.unchanged(identity.stream().toList()));
    }
    List<String> violations = new ArrayList<>(SessionRules.violations(object.json()));
    violations.addAll(ShareRules.violations(object, Optional.of(old), template, context.now()));
    if (session.isPresent() && before.isPresent()) {
      violations.addAll(ImmutableFieldRules.violations(before.get().spec(), session.get().spec()));
      HomeSizeRule.violation(before.get().spec(), session.get().spec(), template, context.home())
          .ifPresent(violations::add);
      template.ifPresent(found ->
          violations.addAll(
              TemplateLimits.violations(
                  found.name(),
                  found.spec(),
                  session.get().spec(),
                  // Nothing of a session that is older than its template has been checked yet.
                  old.isUnchecked() ? Optional.empty() : before.map(VdiSession::spec),
                  context.home())));
    }
    if (old.isUnchecked()) {
      accessViolation(object).ifPresent(forbidden::add);
    }
    return judge(
        session,
        violations,
        identity,
        forbidden,
        old.isDeleting() ? List.of() : warnings(session, object, Optional.of(old)),
        changed -> before.map(b -> additional(changed, b, template)).orElse(ResourceAmounts.ZERO),
        changed -> before.map(b -> formerStorage(changed, b, template)).orElse(0L));
  }

  private Optional<String> accessViolation(RawObject object) {
    return context
        .template()
        .filter(
            found -> !TemplateLimits.allows(found.spec(), object.user(), request.caller().groups()))
        .map(found -> TemplateLimits.accessViolation(found.name(), ShortText.of(object.user())));
  }

  private Verdict delete(RawObject old) {
    if (access.isCollector()) {
      return Allow.unchanged(List.of());
    }
    Optional<String> identity = access.identityViolation(List.of(old.user()));
    return decide(List.of(), identity, List.of(), List.of())
        .orElseGet(() -> Allow.unchanged(identity.stream().toList()));
  }

  private List<String> warnings(
      Optional<VdiSession> session, RawObject object, Optional<RawObject> old) {
    List<String> warnings =
        session
            .map(s ->
                context
                    .template()
                    .map(found -> SessionWarnings.of(s.spec(), found, context.timeSliced()))
                    .orElseGet(() -> SessionWarnings.missingTemplate(s.spec().template())))
            .orElse(List.of());
    return Stream.concat(warnings.stream(), ShareRules.warnings(object, old).stream()).toList();
  }

  /**
   * Denies with everything that the rules and the identity of the caller object to, otherwise asks
   * for a quota check if the request needs resources.
   *
   * @param session the decoded object; empty if it cannot be decoded
   * @param violations of rules
   * @param identity why the session is not the caller's; empty if it is
   * @param forbidden what else the caller may not do
   * @param requested what the session requests beyond what it already has
   * @param former the bytes of a home that is made smaller; 0 for other requests
   */
  private Verdict judge(
      Optional<VdiSession> session,
      List<String> violations,
      Optional<String> identity,
      List<String> forbidden,
      List<String> warnings,
      Function<VdiSession, ResourceAmounts> requested,
      ToLongFunction<VdiSession> former) {
    if (violations.isEmpty() && session.isEmpty()) {
      violations.add("the object cannot be read as a VDISession");
    }
    return decide(violations, identity, forbidden, warnings)
        .orElseGet(() ->
            checkQuota(
                session.orElseThrow(),
                requested.apply(session.orElseThrow()),
                former.applyAsLong(session.orElseThrow()),
                Stream.concat(warnings.stream(), identity.stream()).toList()));
  }

  /** The denial; empty if there is no reason for one. In mode warn, identity is none. */
  private Optional<Verdict> decide(
      List<String> violations,
      Optional<String> identity,
      List<String> forbidden,
      List<String> warnings) {
    boolean enforced = policy.identity().mode() == Identity.Mode.ENFORCE;
    List<String> all = new ArrayList<>(violations);
    identity.filter(message -> enforced).ifPresent(all::add);
    all.addAll(forbidden);
    return all.isEmpty()
        ? Optional.empty()
        : Optional.of(
            Deny.of(
                violations.isEmpty() ? Reason.FORBIDDEN : Reason.INVALID,
                all,
                Stream.concat(warnings.stream(), identity.filter(message -> !enforced).stream())
                    .toList()));
  }

  private Verdict checkQuota(
      VdiSession session, ResourceAmounts requested, long former, List<String> warnings) {
    if (requested.isZero() && former == 0) {
      return Allow.unchanged(warnings);
    }
    QuotaRequest added =
        new QuotaRequest(
            session.spec().user(),
            request.namespace(),
            session.spec().template(),
            requested,
            request.oldObject().isEmpty()
                    && request
                        .object()
                        .map(RawObject::new)
                        .filter(RawObject::isNameGenerated)
                        .isPresent()
                ? ""
                : ChildKind.HOME.nameFor(session.name()));
    return new QuotaCheckRequired(
        session.metadata().annotation(Annotations.RESERVATION),
        added,
        added.with(
            new ResourceAmounts(
                requested.sessions(), gpus(session, context.template()), requested.storage())),
        Optional.of(added.with(ResourceAmounts.ZERO.withStorage(former)))
            .filter(home -> former > 0),
        UsageGroups.of(session.metadata()),
        warnings);
  }

  /** What a change requests beyond what the session already has; of storage the whole new size. */
  private static ResourceAmounts additional(
      RawObject now, RawObject before, Optional<VdiTemplate> template) {
    return now.session()
        .flatMap(session -> before.session().map(old -> additional(session, old, template)))
        .orElse(ResourceAmounts.ZERO);
  }

  private static ResourceAmounts additional(
      VdiSession now, VdiSession before, Optional<VdiTemplate> template) {
    long size = QuotaRequest.storage(now.spec(), template);
    return new ResourceAmounts(
        0,
        Math.max(0, gpus(now, template) - gpus(before, template)),
        size > QuotaRequest.storage(before.spec(), template) ? size : 0);
  }

  /** The bytes of a home that becomes smaller, before that; 0 if it does not. */
  private static long formerStorage(
      VdiSession now, VdiSession before, Optional<VdiTemplate> template) {
    long size = QuotaRequest.storage(before.spec(), template);
    return size > QuotaRequest.storage(now.spec(), template) ? size : 0;
  }

  /**
   * The GPUs of a session by its spec alone. A Failed session keeps its request, or its user could
   * raise it without a check.
   */
  private static long gpus(VdiSession session, Optional<VdiTemplate> template) {
    return session.spec().suspended() ? 0 : QuotaRequest.gpusWhenRunning(session.spec(), template);
  }

  /** Other groups can only come from a mistake in the webhook configuration; they are not ours. */
  private static Response unknownKind(AdmissionRequest request) {
    String message =
        "this webhook does not handle "
            + ShortText.of(request.group())
            + " "
            + ShortText.of(request.kind());
    return request.isOurs()
        ? new Deny(Reason.INVALID, message, List.of())
        : Allow.unchanged(List.of(message));
  }
}
