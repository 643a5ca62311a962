package io.vdi.operator.controller.objects;

import io.vdi.operator.common.kube.Kind;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.model.VolumeClaim;
import io.vdi.operator.controller.plan.Settings;
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
public final class Blueprints {
  /** All that the objects of one session depend on, besides its UID, and with that its name. */
  private record Key(
      String user,
      VdiTemplate.Spec template,
      Defaults.Complete spec,
      String host,
      Settings settings,
      Optional<String> homeSize) {}

  private record Known(
      Key key,
      Optional<Hash> volumeClaim,
      Hash secret,
      Hash service,
      Optional<Hash> route,
      Hash pod) {}

  private record Hash(Kind<?> kind, String name, String value) {
    static Hash of(Desired desired) {
      return new Hash(desired.kind(), desired.name(), desired.hash());
    }

    Desired desired(Supplier<Desired> build) {
      return Desired.remembered(kind, name, value, build);
    }
  }

  private final Map<String, Known> byUid = new ConcurrentHashMap<>();

  /** The same as {@link Blueprint#of}; contents of objects are built when they are asked for. */
  public Blueprint of(Workload workload, Optional<VolumeClaim> existingClaim) {
    String uid = workload.session().uid();
    Key key =
        new Key(
            workload.session().spec().user(),
            workload.template(),
            workload.spec(),
            workload.host(),
            workload.settings(),
            existingClaim.map(VolumeClaim::requestedSize));
    Known known = byUid.get(uid);
    if (known == null || !known.key().equals(key)) {
      Blueprint fresh = Blueprint.of(workload, existingClaim);
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
    Supplier<Blueprint> build = () -> Blueprint.of(workload, existingClaim);
    return new Blueprint(
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
