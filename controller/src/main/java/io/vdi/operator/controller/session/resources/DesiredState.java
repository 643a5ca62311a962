package io.vdi.operator.controller.session.resources;

import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.TemplateLimits;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.pod.PodTemplateRules;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The objects that a session should have; docs/specification.md, section 2. */
public sealed interface DesiredState {
  /** The objects are unknown: the template of the session does not exist. */
  record TemplateMissing() implements DesiredState {}

  /**
   * The objects are unknown: the session or its template has values that the schema refuses, or the
   * session is older than its template and has values that the template does not allow.
   *
   * @param problems what is wrong; not empty
   */
  record InvalidSpec(Defaults.EffectiveSpec spec, List<String> problems) implements DesiredState {}

  /**
   * The objects are known.
   *
   * @param objects by kind, in the order of {@link ChildKind}; without the kinds that this session
   *     does not have
   */
  record Children(Defaults.EffectiveSpec spec, Map<ChildKind, DesiredObject> objects)
      implements DesiredState {
    public Children {
      Map<ChildKind, DesiredObject> copy = new EnumMap<>(ChildKind.class);
      copy.putAll(objects);
      objects = Collections.unmodifiableMap(copy);
    }

    /** The object of this kind; empty if the session does not have one. */
    public Optional<DesiredObject> get(ChildKind kind) {
      return Optional.ofNullable(objects.get(kind));
    }
  }

  /**
   * @param host the first label of the session's host
   */
  static DesiredState of(
      VdiSession session, VdiTemplate.Spec template, String host, SessionConfig config) {
    Defaults.EffectiveSpec spec = Defaults.effectiveSpec(session.spec(), template);
    List<String> problems = new ArrayList<>(spec.problems());
    problems.addAll(template.gpu().problems());
    if (!template.podTemplate().isEmpty()) {
      problems.addAll(
          PodTemplateRules.violations(
              KubeGson.gson().toJsonTree(template.podTemplate()).getAsJsonObject(),
              new PodTemplateRules.Context(
                  template.server(),
                  template.port(),
                  template.homePath(),
                  template.gpu().request(),
                  List.of())));
    }
    if (problems.isEmpty()) {
      problems.addAll(templateViolations(session, template));
    }
    return problems.isEmpty()
        ? children(new ResolvedSession(session, template, spec, host, config))
        : new InvalidSpec(spec, problems);
  }

  /**
   * What the admission webhook would have refused if the template had existed. A session that has a
   * pod or was ready was checked before: a maximum that is lowered later does not affect it. The
   * groups of the creator are unknown here; a change of the session lets the webhook check them.
   */
  private static List<String> templateViolations(VdiSession session, VdiTemplate.Spec template) {
    if (session.metadata().annotation(Annotations.UNCHECKED).isEmpty()
        || session.status().startedAt().isPresent()
        || !session.status().podName().isEmpty()) {
      return List.of();
    }
    String name = session.spec().template();
    List<String> violations =
        new ArrayList<>(
            TemplateLimits.violations(
                name, template, session.spec(), Optional.empty(), Optional.empty()));
    if (!TemplateLimits.allows(template, session.spec().user(), List.of())) {
      violations.add(TemplateLimits.accessViolation(name, session.spec().user()));
    }
    return violations;
  }

  /** All objects of a session. */
  static Children children(ResolvedSession resolved) {
    Map<ChildKind, DesiredObject> objects = new EnumMap<>(ChildKind.class);
    for (ChildKind kind : ChildKind.values()) {
      if (resolved.has(kind)) {
        objects.put(kind, child(kind, resolved));
      }
    }
    return new Children(resolved.spec(), objects);
  }

  /** One object of a session. */
  static DesiredObject child(ChildKind kind, ResolvedSession resolved) {
    return switch (kind) {
      case SECRET -> SecretBuilder.of(resolved);
      case HOME -> PersistentVolumeClaimBuilder.of(resolved);
      case SERVICE -> ServiceBuilder.of(resolved);
      case ROUTE ->
          switch (resolved.config().ingress().kind()) {
            case TRAEFIK, NONE -> IngressRouteBuilder.of(resolved);
            case INGRESS -> IngressBuilder.of(resolved);
            case GATEWAY -> HttpRouteBuilder.of(resolved);
          };
      case GPU_CLAIM -> GpuClaimBuilder.of(resolved);
      case POD -> PodBuilder.of(resolved);
      case ROLE -> AccessBuilder.role(resolved);
      case ROLE_BINDING -> AccessBuilder.binding(resolved);
    };
  }
}
