package io.vdi.operator.controller.plan;

import io.vdi.operator.common.kube.Kind;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.Meta;
import io.vdi.operator.common.model.Names;
import io.vdi.operator.common.model.ObjectMetadata;
import io.vdi.operator.common.model.OwnerReference;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ReclaimPolicy;
import io.vdi.operator.common.model.Resource;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.model.VolumeClaim;
import io.vdi.operator.controller.objects.Blueprint;
import io.vdi.operator.controller.objects.Desired;
import io.vdi.operator.controller.objects.Workload;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;

/**
 * Generated states of a cluster: any mix of missing, right, old, terminating, former and foreign
 * objects.
 */
final class Worlds {
  static final Settings SETTINGS =
      new Settings(
          "vdi.example.com",
          new Settings.Ingress(
              Settings.IngressKind.TRAEFIK, Optional.empty(), List.of("websecure")),
          new Settings.Tls(Settings.TlsMode.CERT_RESOLVER, "letsencrypt", ""),
          Optional.empty());

  /** How an object stands at the beginning. */
  enum Standing {
    MISSING,
    RIGHT,
    OUTDATED,
    TERMINATING,
    FORMER,
    FOREIGN,
    FINISHED
  }

  private Worlds() {}

  static Arbitrary<World> any(boolean withForeign) {
    Arbitrary<Standing> standing =
        Arbitraries.of(Standing.values()).filter(s -> withForeign || s != Standing.FOREIGN);
    return Combinators.combine(
            standing.list().ofSize(6),
            Arbitraries.of(true, false),
            Arbitraries.of(true, false),
            Arbitraries.of(true, false),
            Arbitraries.of(ReclaimPolicy.values()),
            Arbitraries.of(Phase.values()).optional(),
            Arbitraries.frequency(
                net.jqwik.api.Tuple.of(8, true), net.jqwik.api.Tuple.of(1, false)),
            Arbitraries.frequency(
                net.jqwik.api.Tuple.of(3, true), net.jqwik.api.Tuple.of(1, false)))
        .as(Worlds::world);
  }

  static VdiSession session(
      boolean suspended, boolean persistent, ReclaimPolicy policy, VdiSession.Status status) {
    return new VdiSession(
        meta("desk", World.SESSION_UID, Optional.empty(), Map.of(), false),
        new VdiSession.Spec(
            "alice@example.com",
            "ubuntu",
            null,
            new VdiSession.Persistence(persistent, "5Gi", null, policy),
            null,
            null,
            suspended),
        status);
  }

  static VdiTemplate template() {
    return template("displayName: Ubuntu");
  }

  /**
   * @param more fields of its spec
   */
  static VdiTemplate template(String more) {
    return KubeGson.gson()
        .fromJson(
            "{metadata: {name: ubuntu}, spec: {image: desktop, startupTimeout: 5m, " + more + "}}",
            VdiTemplate.class);
  }

  private static World world(
      List<Standing> standings,
      boolean suspended,
      boolean persistent,
      boolean deleting,
      ReclaimPolicy policy,
      Optional<Phase> phase,
      boolean template,
      boolean routeServed) {
    World world = new World();
    VdiSession.Status status =
        new VdiSession.Status(
            phase.orElse(null),
            null,
            null,
            phase.filter(p -> p == Phase.RUNNING).map(p -> world.now).orElse(null),
            null,
            null,
            null,
            1,
            null);
    world.session = session(suspended, persistent, policy, status);
    world.template = template ? Optional.of(template()) : Optional.empty();
    world.routeKindServed = routeServed;
    Blueprint blueprint = blueprint(world.session);
    List<Desired> desired =
        Stream.of(
                Optional.of(blueprint.secret()),
                blueprint.volumeClaim(),
                Optional.of(blueprint.service()),
                blueprint.route(),
                Optional.of(blueprint.pod()))
            .flatMap(Optional::stream)
            .toList();
    for (int i = 0; i < desired.size(); i++) {
      put(world, desired.get(i), standings.get(i), policy);
    }
    if (deleting) {
      // A session that is being deleted still exists only because of our finalizer.
      world.session =
          new VdiSession(
              meta("desk", World.SESSION_UID, Optional.empty(), Map.of(), true),
              world.session.spec(),
              status);
    }
    return world;
  }

  static Blueprint blueprint(VdiSession session) {
    return Blueprint.of(
        new Workload(
            session,
            template().spec(),
            Defaults.complete(session.spec(), template().spec()),
            "alice",
            SETTINGS),
        Optional.empty());
  }

  private static void put(World world, Desired desired, Standing standing, ReclaimPolicy policy) {
    Kind<?> kind = desired.kind();
    Optional<OwnerReference> ours = owner(World.SESSION_UID);
    if (kind.equals(Kind.VOLUME_CLAIM) && policy == ReclaimPolicy.RETAIN) {
      ours = Optional.empty();
    }
    Map<String, String> right = Map.of(Names.DESIRED_HASH, desired.hash());
    Map<String, String> old = Map.of(Names.DESIRED_HASH, "0");
    String name = desired.name();
    switch (standing) {
      case MISSING -> {}
      case RIGHT -> world.objects.put(kind, object(kind, meta(name, "uid-r", ours, right, false)));
      case OUTDATED -> world.objects.put(kind, object(kind, meta(name, "uid-o", ours, old, false)));
      case TERMINATING ->
          world.objects.put(kind, object(kind, meta(name, "uid-t", ours, right, true)));
      case FORMER ->
          world.objects.put(
              kind, object(kind, meta(name, "uid-f", owner("uid-former"), right, false)));
      case FOREIGN ->
          world.objects.put(
              kind,
              object(
                  kind,
                  meta(
                      name,
                      "uid-x",
                      Optional.of(new OwnerReference("apps/v1", "ReplicaSet", "rs", "rs", true)),
                      right,
                      false)));
      case FINISHED -> {
        Resource object = object(kind, meta(name, "uid-d", ours, right, false));
        world.objects.put(
            kind,
            object instanceof Pod pod
                ? new Pod(
                    pod.metadata(),
                    new Pod.Spec("node", null),
                    new Pod.Status("Failed", "Evicted", "low on memory", null, null, null))
                : object);
      }
    }
  }

  static Optional<OwnerReference> owner(String uid) {
    return Optional.of(new OwnerReference("vdi.kasm.io/v1alpha1", "VDISession", "desk", uid, true));
  }

  static Resource object(Kind<?> kind, Meta meta) {
    if (kind.equals(Kind.POD)) {
      return new Pod(meta, null, null);
    }
    return kind.equals(Kind.VOLUME_CLAIM)
        ? new VolumeClaim(
            meta,
            new VolumeClaim.Spec(null, new VolumeClaim.Requests(Map.of("storage", "5Gi"))),
            null)
        : new ObjectMetadata(meta);
  }

  static Meta meta(
      String name,
      String uid,
      Optional<OwnerReference> owner,
      Map<String, String> annotations,
      boolean deleting) {
    Map<String, String> all = new HashMap<>(annotations);
    all.put(Names.USER, "alice@example.com");
    return new Meta(
        name,
        "desks",
        uid,
        "1",
        1,
        Instant.parse("2026-01-01T11:00:00Z"),
        deleting ? Instant.parse("2026-01-01T11:59:00Z") : null,
        Names.labels("desk", "alice@example.com"),
        all,
        deleting ? List.of(VdiSession.FINALIZER) : List.of(),
        owner.map(List::of).orElse(List.of()));
  }

  static Condition condition(String type, String status, String message, Instant since) {
    return new Condition(type, status, "", message, since, 0);
  }
}
