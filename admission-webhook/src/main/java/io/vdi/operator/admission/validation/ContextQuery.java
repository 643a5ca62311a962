package io.vdi.operator.admission.validation;

import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.TemplateLimits;
import java.util.Optional;

/**
 * What to read from the cluster before the rules judge a request. Most requests require one
 * template, which is usually in the cache.
 */
public sealed interface ContextQuery {
  /** Nothing: the rules need the request alone. */
  record None() implements ContextQuery {}

  /** The template of this name. */
  record Template(String name) implements ContextQuery {}

  /**
   * The template, and the claim of the session, whose size may be lowered, or which is resumed and
   * may have more than the template allows now.
   */
  record TemplateAndHome(Template template, String namespace, String claim)
      implements ContextQuery {}

  /** The sessions that name this template. */
  record SessionsUsing(String template) implements ContextQuery {}

  /** For {@link SessionAdmission#mutate}. */
  static ContextQuery forMutation(AdmissionRequest request) {
    return request.is(AdmissionRequest.SESSION) ? ofSession(request) : new None();
  }

  /** For {@link SessionAdmission#validate}. */
  static ContextQuery forValidation(AdmissionRequest request) {
    if (request.is(AdmissionRequest.TEMPLATE) && request.operation().equals("DELETE")) {
      return new SessionsUsing(request.objectName());
    }
    return forMutation(request) instanceof Template template && concernsHome(request)
        ? new TemplateAndHome(template, request.namespace(), ChildKind.HOME.nameFor(request.name()))
        : forMutation(request);
  }

  private static boolean resumes(RawObject old, RawObject now) {
    return old.session()
        .flatMap(before -> now.session().map(s -> TemplateLimits.resumes(before.spec(), s.spec())))
        .orElse(false);
  }

  private static boolean changesSpec(RawObject old, Optional<RawObject> object) {
    return object.filter(now -> !now.spec().equals(old.spec())).isPresent();
  }

  /** Names that are not legal would be a different path in a call. */
  private static boolean concernsHome(AdmissionRequest request) {
    return request
            .oldObject()
            .map(RawObject::new)
            .flatMap(old ->
                request
                    .object()
                    .map(RawObject::new)
                    .map(now -> HomeSizeRule.mayLower(old, now) || resumes(old, now)))
            .orElse(false)
        && SessionRules.isName(request.name())
        && SessionRules.isNamespace(request.namespace());
  }

  /**
   * A new session names its template; the template of an existing session cannot change, so the old
   * object is the one to ask.
   */
  private static ContextQuery ofSession(AdmissionRequest request) {
    Optional<RawObject> object = request.object().map(RawObject::new);
    Optional<RawObject> source =
        switch (request.operation()) {
          case "CREATE" -> object;
          case "UPDATE" ->
              request
                  .oldObject()
                  .map(RawObject::new)
                  // The removal of a finalizer must depend on nothing.
                  .filter(session -> !session.isDeleting() || changesSpec(session, object));
          default -> Optional.empty();
        };
    return source
        .filter(session -> request.subResource().isEmpty())
        .flatMap(RawObject::template)
        // An illegal name is in no cache, and would be a different path in a call.
        .filter(SessionRules::isTemplateName)
        .<ContextQuery>map(Template::new)
        .orElseGet(None::new);
  }
}
