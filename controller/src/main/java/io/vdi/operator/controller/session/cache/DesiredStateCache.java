package io.vdi.operator.controller.session.cache;

import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.controller.session.plan.ObservedSession;
import io.vdi.operator.controller.session.resources.DesiredObject;
import io.vdi.operator.controller.session.resources.DesiredState;
import io.vdi.operator.controller.session.resources.ResolvedSession;
import io.vdi.operator.controller.session.resources.SessionConfig;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * Remembers the hashes of one session's objects while their input stays the same. Nearly every pass
 * finds all objects up to date and needs only the hashes; building the objects took a third of the
 * CPU time of a pass. The objects themselves are not kept, because those of thousands of sessions
 * would take most of the memory.
 *
 * <p>Not thread-safe: one worker at a time handles a session.
 */
public final class DesiredStateCache {
  /** All input of the objects of one session, except its UID and name. */
  private record Input(
      VdiSession.Spec session, VdiTemplate.Spec template, String host, SessionConfig config) {}

  private record Hash(ResourceType<?> type, String name, String value) {
    static Hash of(DesiredObject desired) {
      return new Hash(desired.type(), desired.name(), desired.hash());
    }
  }

  private record Remembered(Input input, Defaults.EffectiveSpec spec, Map<ChildKind, Hash> hashes) {
    static Remembered of(Input input, DesiredState.Children children) {
      Map<ChildKind, Hash> hashes = new EnumMap<>(ChildKind.class);
      children.objects().forEach((kind, desired) -> hashes.put(kind, Hash.of(desired)));
      return new Remembered(input, children.spec(), hashes);
    }

    DesiredState restore(VdiSession session) {
      ResolvedSession resolved =
          new ResolvedSession(session, input.template(), spec, input.host(), input.config());
      Map<ChildKind, DesiredObject> objects = new EnumMap<>(ChildKind.class);
      hashes.forEach((kind, hash) ->
          objects.put(
              kind,
              DesiredObject.remembered(
                  kind,
                  hash.type(),
                  hash.name(),
                  hash.value(),
                  () -> DesiredState.child(kind, resolved))));
      return new DesiredState.Children(spec, objects);
    }
  }

  private Optional<Remembered> remembered = Optional.empty();

  /** Equals {@link DesiredState#of}; bodies and patches are built when they are read. */
  public DesiredState of(ObservedSession observed, SessionConfig config) {
    return observed
        .template()
        .map(template -> of(observed, template.spec(), config))
        .orElseGet(DesiredState.TemplateMissing::new);
  }

  private DesiredState of(
      ObservedSession observed, VdiTemplate.Spec template, SessionConfig config) {
    VdiSession session = observed.session();
    Input input = new Input(session.spec(), template, observed.host(), config);
    Optional<Remembered> known = remembered.filter(last -> last.input().equals(input));
    if (known.isPresent()) {
      return known.get().restore(session);
    }
    DesiredState desired = DesiredState.of(session, template, observed.host(), config);
    remembered =
        desired instanceof DesiredState.Children children
            ? Optional.of(Remembered.of(input, children))
            : Optional.empty();
    return desired;
  }
}
