package io.vdi.operator.controller.session.resources;

import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/** The objects that a session should have; docs/specification.md, section 2. */
public sealed interface DesiredState {
  /** The objects are unknown: the template of the session does not exist. */
  record TemplateMissing() implements DesiredState {}

  /**
   * The objects are unknown: the session or its template has values that the schema refuses.
   *
   * @param spec its {@code problems} are not empty
   */
  record InvalidSpec(Defaults.EffectiveSpec spec) implements DesiredState {}

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
    return spec.problems().isEmpty()
        ? children(new ResolvedSession(session, template, spec, host, config))
        : new InvalidSpec(spec);
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
          };
      case POD -> PodBuilder.of(resolved);
    };
  }
}
