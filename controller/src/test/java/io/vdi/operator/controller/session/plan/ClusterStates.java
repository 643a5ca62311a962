package io.vdi.operator.controller.session.plan;

import io.vdi.operator.common.identity.IdentityMapping;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.Node;
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
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;

/**
 * Generated states of a cluster: each object of the session is missing, up to date, outdated, being
 * deleted, of a previous session, foreign or finished, in any combination.
 */
final class ClusterStates {
  static final SessionConfig CONFIG =
      new SessionConfig(
          "vdi.example.com",
          new SessionConfig.Ingress(
              SessionConfig.IngressKind.TRAEFIK, Optional.empty(), List.of("websecure")),
          new SessionConfig.Tls(SessionConfig.TlsMode.CERT_RESOLVER, "letsencrypt", ""),
          Optional.empty(),
          Optional.of(
              new SessionConfig.Network(
                  List.of(), List.of(), List.of(), List.of("10.0.0.0/8"), "vdi-system")),
          Optional.of(new IdentityMapping(Map.of(), "", "")),
          Optional.empty());

  /** The state of one object at the beginning. */
  enum InitialState {
    MISSING,
    UP_TO_DATE,
    OUTDATED,
    TERMINATING,
    PREVIOUS_SESSION,
    FOREIGN,
    FINISHED
  }

  private ClusterStates() {}

  static Arbitrary<SimulatedCluster> any(boolean withForeign) {
    Arbitrary<InitialState> state =
        Arbitraries.of(InitialState.values()).filter(s -> withForeign || s != InitialState.FOREIGN);
    return Combinators.combine(
            state.list().ofSize(ChildKind.values().length),
            Arbitraries.of(true, false),
            Arbitraries.of(true, false),
            Arbitraries.of(true, false),
            Arbitraries.of(ReclaimPolicy.values()),
            Arbitraries.of(Phase.values()).optional(),
            Arbitraries.frequency(
                net.jqwik.api.Tuple.of(8, true), net.jqwik.api.Tuple.of(1, false)),
            Arbitraries.frequency(
                net.jqwik.api.Tuple.of(3, true), net.jqwik.api.Tuple.of(1, false)))
        .as(ClusterStates::cluster);
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
            null,
            suspended),
        status);
  }

  static VdiTemplate template() {
    return template("gpu: {deviceClassName: gpu.example.com}");
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

  private static SimulatedCluster cluster(
      List<InitialState> states,
      boolean suspended,
      boolean persistent,
      boolean deleting,
      ReclaimPolicy policy,
      Optional<Phase> phase,
      boolean template,
      boolean routeServed) {
    SimulatedCluster cluster = new SimulatedCluster();
    VdiSession.Status status =
        new VdiSession.Status(
            phase.orElse(null),
            null,
            null,
            phase.filter(p -> p == Phase.RUNNING).map(p -> cluster.now).orElse(null),
            null,
            null,
            0,
            null,
            1,
            null);
    cluster.session = session(suspended, persistent, policy, status);
    cluster.template = template ? Optional.of(template()) : Optional.empty();
    cluster.routeTypeServed = routeServed;
    List<DesiredObject> desired = List.copyOf(children(cluster.session).objects().values());
    for (int i = 0; i < desired.size(); i++) {
      put(cluster, desired.get(i), states.get(i), policy);
    }
    if (deleting) {
      // A session that is being deleted exists only because of its finalizer.
      cluster.session =
          new VdiSession(
              meta("desk", SimulatedCluster.SESSION_UID, Optional.empty(), Map.of(), true),
              cluster.session.spec(),
              status);
    }
    return cluster;
  }

  private static DesiredState.Children children(VdiSession session) {
    return DesiredState.children(
        new ResolvedSession(
            session,
            template().spec(),
            Defaults.effectiveSpec(session.spec(), template().spec()),
            "alice",
            CONFIG));
  }

  private static void put(
      SimulatedCluster cluster, DesiredObject desired, InitialState state, ReclaimPolicy policy) {
    ResourceType<?> type = desired.type();
    Optional<OwnerReference> owner = owner(SimulatedCluster.SESSION_UID);
    if (type.equals(ResourceType.PERSISTENT_VOLUME_CLAIM) && policy == ReclaimPolicy.RETAIN) {
      owner = Optional.empty();
    }
    Map<String, String> upToDate =
        Map.of(
            Annotations.DESIRED_HASH,
            desired.hash(),
            // Ignored on other objects.
            Annotations.VIEWER_PASSWORD_SINCE,
            "2026-01-01T00:00:00Z");
    Map<String, String> outdated = Map.of(Annotations.DESIRED_HASH, "0");
    String name = desired.name();
    switch (state) {
      case MISSING -> {}
      case UP_TO_DATE ->
          cluster.objects.put(type, object(type, meta(name, "uid-r", owner, upToDate, false)));
      case OUTDATED ->
          cluster.objects.put(type, object(type, meta(name, "uid-o", owner, outdated, false)));
      case TERMINATING ->
          cluster.objects.put(type, object(type, meta(name, "uid-t", owner, upToDate, true)));
      case PREVIOUS_SESSION ->
          cluster.objects.put(
              type, object(type, meta(name, "uid-f", owner("uid-previous"), upToDate, false)));
      case FOREIGN -> cluster.objects.put(type, foreign(type, name, upToDate));
      case FINISHED -> {
        KubeObject object = object(type, meta(name, "uid-d", owner, upToDate, false));
        cluster.objects.put(
            type,
            object instanceof Pod pod
                ? new Pod(
                    pod.metadata(),
                    new Pod.Spec("node", null),
                    new Pod.Status("Failed", "Evicted", "low on memory", null, null, null, null))
                : object);
      }
    }
  }

  static KubeObject foreign(ResourceType<?> type, String name) {
    return foreign(type, name, Map.of());
  }

  private static KubeObject foreign(
      ResourceType<?> type, String name, Map<String, String> annotations) {
    return object(
        type,
        meta(
            name,
            "uid-x",
            Optional.of(new OwnerReference("apps/v1", "ReplicaSet", "rs", "rs", true)),
            annotations,
            false));
  }

  static Optional<OwnerReference> owner(String uid) {
    return Optional.of(new OwnerReference("vdi.kasm.io/v1alpha1", "VDISession", "desk", uid, true));
  }

  static KubeObject object(ResourceType<?> type, ObjectMeta meta) {
    if (type.equals(ResourceType.POD)) {
      return new Pod(meta, null, null);
    }
    return type.equals(ResourceType.PERSISTENT_VOLUME_CLAIM)
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
        owner.map(List::of).orElse(List.of()),
        0);
  }

  static Node node(boolean ready, Instant since) {
    return KubeGson.gson()
        .fromJson(
            "{metadata: {name: n}, status: {conditions: [{type: Ready, status: %s,"
                    .formatted(ready ? "'True'" : "Unknown")
                + " lastTransitionTime: '%s'}]}}".formatted(since),
            Node.class);
  }

  /**
   * A node that is ready.
   *
   * @param spec such as {@code unschedulable: true}
   */
  static Node readyNode(String spec) {
    return KubeGson.gson()
        .fromJson(
            "{metadata: {name: n}, spec: {"
                + spec
                + "}, status: {conditions: [{type: Ready,"
                + " status: 'True', lastTransitionTime: '2026-01-01T11:00:00Z'}]}}",
            Node.class);
  }

  static Condition condition(String type, String status, String message, Instant since) {
    return new Condition(type, status, "", message, since, 0);
  }
}
