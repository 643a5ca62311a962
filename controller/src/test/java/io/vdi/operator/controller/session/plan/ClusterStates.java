package io.vdi.operator.controller.session.plan;

import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.OwnerReference;
import io.vdi.operator.common.model.PartialObjectMetadata;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ReclaimPolicy;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.controller.session.resources.DesiredObject;
import io.vdi.operator.controller.session.resources.DesiredState;
import io.vdi.operator.controller.session.resources.ResolvedSession;
import io.vdi.operator.controller.session.resources.SessionConfig;
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
final class ClusterStates {
  static final SessionConfig SETTINGS =
      new SessionConfig(
          "vdi.example.com",
          new SessionConfig.Ingress(
              SessionConfig.IngressKind.TRAEFIK, Optional.empty(), List.of("websecure")),
          new SessionConfig.Tls(SessionConfig.TlsMode.CERT_RESOLVER, "letsencrypt", ""),
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

  private ClusterStates() {}

  static Arbitrary<SimulatedCluster> any(boolean withForeign) {
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
        .as(ClusterStates::world);
  }

  static VdiSession session(
      boolean suspended, boolean persistent, ReclaimPolicy policy, VdiSession.Status status) {
    return new VdiSession(
        meta("desk", SimulatedCluster.SESSION_UID, Optional.empty(), Map.of(), false),
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

  private static SimulatedCluster world(
      List<Standing> standings,
      boolean suspended,
      boolean persistent,
      boolean deleting,
      ReclaimPolicy policy,
      Optional<Phase> phase,
      boolean template,
      boolean routeServed) {
    SimulatedCluster world = new SimulatedCluster();
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
    DesiredState blueprint = blueprint(world.session);
    List<DesiredObject> desired =
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
              meta("desk", SimulatedCluster.SESSION_UID, Optional.empty(), Map.of(), true),
              world.session.spec(),
              status);
    }
    return world;
  }

  static DesiredState blueprint(VdiSession session) {
    return DesiredState.of(
        new ResolvedSession(
            session,
            template().spec(),
            Defaults.effectiveSpec(session.spec(), template().spec()),
            "alice",
            SETTINGS),
        Optional.empty());
  }

  private static void put(
      SimulatedCluster world, DesiredObject desired, Standing standing, ReclaimPolicy policy) {
    ResourceType<?> kind = desired.kind();
    Optional<OwnerReference> ours = owner(SimulatedCluster.SESSION_UID);
    if (kind.equals(ResourceType.PERSISTENT_VOLUME_CLAIM) && policy == ReclaimPolicy.RETAIN) {
      ours = Optional.empty();
    }
    Map<String, String> right = Map.of(Annotations.DESIRED_HASH, desired.hash());
    Map<String, String> old = Map.of(Annotations.DESIRED_HASH, "0");
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
        KubeObject object = object(kind, meta(name, "uid-d", ours, right, false));
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

  static KubeObject object(ResourceType<?> kind, ObjectMeta meta) {
    if (kind.equals(ResourceType.POD)) {
      return new Pod(meta, null, null);
    }
    return kind.equals(ResourceType.PERSISTENT_VOLUME_CLAIM)
        ? new PersistentVolumeClaim(
            meta,
            new PersistentVolumeClaim.Spec(
                null, new PersistentVolumeClaim.Requests(Map.of("storage", "5Gi"))),
            null)
        : new PartialObjectMetadata(meta);
  }

  static ObjectMeta meta(
      String name,
      String uid,
      Optional<OwnerReference> owner,
      Map<String, String> annotations,
      boolean deleting) {
    Map<String, String> all = new HashMap<>(annotations);
    all.put(Annotations.USER, "alice@example.com");
    return new ObjectMeta(
        name,
        "desks",
        uid,
        "1",
        1,
        Instant.parse("2026-01-01T11:00:00Z"),
        deleting ? Instant.parse("2026-01-01T11:59:00Z") : null,
        Labels.ofSession("desk", "alice@example.com"),
        all,
        deleting ? List.of(VdiSession.FINALIZER) : List.of(),
        owner.map(List::of).orElse(List.of()));
  }

  static Condition condition(String type, String status, String message, Instant since) {
    return new Condition(type, status, "", message, since, 0);
  }
}
