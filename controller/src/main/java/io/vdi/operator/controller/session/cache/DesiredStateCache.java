package io.vdi.operator.controller.session.cache;

import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.controller.session.resources.DesiredObject;
import io.vdi.operator.controller.session.resources.DesiredState;
import io.vdi.operator.controller.session.resources.ResolvedSession;
import io.vdi.operator.controller.session.resources.SessionConfig;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * Remembers the hashes of each session's objects for as long as what they are made from stays the
 * same. Nearly every pass finds all objects as they should be, and that takes their hashes only: to
 * build the objects anew was a third of what a profile of the passes showed. The objects themselves
 * are not kept, for thousands of sessions they would take most of the memory.
 */
public final class DesiredStateCache {
  /** All that the objects of one session depend on, besides its UID, and with that its name. */
  private record Key(
      String user,
      VdiTemplate.Spec template,
      Defaults.EffectiveSpec spec,
      String host,
      SessionConfig settings,
      Optional<String> homeSize) {}

  private record Known(
      Key key,
      Optional<Hash> volumeClaim,
      Hash secret,
      Hash service,
      Optional<Hash> route,
      Hash pod) {}

  private record Hash(ResourceType<?> kind, String name, String value) {
    static Hash of(DesiredObject desired) {
      return new Hash(desired.kind(), desired.name(), desired.hash());
    }

    DesiredObject desired(Supplier<DesiredObject> build) {
      return DesiredObject.remembered(kind, name, value, build);
    }
  }

  private final Map<String, Known> byUid = new ConcurrentHashMap<>();

  /** The same as {@link DesiredState#of}; contents of objects are built when they are asked for. */
  public DesiredState of(ResolvedSession workload, Optional<PersistentVolumeClaim> existingClaim) {
    String uid = workload.session().uid();
    Key key =
        new Key(
            workload.session().spec().user(),
            workload.template(),
            workload.spec(),
            workload.host(),
            workload.settings(),
            existingClaim.map(PersistentVolumeClaim::requestedSize));
    Known known = byUid.get(uid);
    if (known == null || !known.key().equals(key)) {
      DesiredState fresh = DesiredState.of(workload, existingClaim);
      byUid.put(
          uid,
          new Known(
              key,
              fresh.volumeClaim().map(Hash::of),
              Hash.of(fresh.secret()),
              Hash.of(fresh.service()),
              fresh.route().map(Hash::of),
              Hash.of(fresh.pod())));
      return fresh;
    }
    Supplier<DesiredState> build = () -> DesiredState.of(workload, existingClaim);
    return new DesiredState(
        known.volumeClaim().map(c -> c.desired(() -> build.get().volumeClaim().orElseThrow())),
        known.secret().desired(() -> build.get().secret()),
        known.service().desired(() -> build.get().service()),
        known.route().map(r -> r.desired(() -> build.get().route().orElseThrow())),
        known.pod().desired(() -> build.get().pod()));
  }

  /** The session with this UID has gone. */
  public void forget(String uid) {
    byUid.remove(uid);
  }
}
