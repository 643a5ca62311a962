package io.vdi.operator.controller.session.cache;

import io.vdi.operator.common.diagnosis.StatusMessage;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.Node;
import io.vdi.operator.common.model.NodeSelector;
import io.vdi.operator.common.model.PersistentVolume;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.PodPlacement;
import io.vdi.operator.common.model.Quantities;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.controller.session.plan.DrainCheck;
import io.vdi.operator.controller.session.plan.NodeDrain;
import io.vdi.operator.controller.session.plan.ObservedSession;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Checks, before a desktop leaves a drained node, whether the node is still drained, and whether
 * another node can run the desktop: it is ready, is not drained, has no taint that repels the pod,
 * matches the pod and the volume of its home, and has free GPUs. Reads nodes, pod and volume from
 * the API server. CPU and memory are not compared, because other pods use them as well.
 */
public final class DrainChecker {
  /** How long a list of nodes is used, so that 100 desktops of one node do not list them each. */
  private static final Duration NODES_VALID = Duration.ofSeconds(5);

  /** How long GPUs are reserved for a desktop that moves; then its new pod is in the caches. */
  private static final Duration RESERVED = Duration.ofMinutes(1);

  private static final DrainCheck UNREADABLE =
      new DrainCheck.Fixed(StatusMessage.DRAIN_UNREADABLE.text());
  private static final DrainCheck NOWHERE =
      new DrainCheck.Fixed(StatusMessage.DRAIN_NOWHERE.text());

  private final KubeClient api;
  private final ControllerCaches caches;
  private final Map<String, Listed> listed = new HashMap<>();
  private final Map<String, Reservation> reserved = new HashMap<>();

  private record Listed(List<Node> nodes, Instant at) {}

  private record Reservation(long gpus, Instant at) {}

  public DrainChecker(KubeClient api, ControllerCaches caches) {
    this.api = api;
    this.caches = caches;
  }

  /**
   * The same session, with its node and the check if a decision depends on them. Most passes read
   * nothing.
   *
   * @param spec empty if the template is missing or the session is invalid
   */
  public ObservedSession check(
      ObservedSession observed, Optional<Defaults.EffectiveSpec> spec, Instant now) {
    Optional<Pod> pod = observed.pod();
    Optional<Node> cached = NodeDrain.nodeToCheck(observed, spec, now);
    if (cached.isEmpty() || pod.isEmpty()) {
      return observed;
    }
    ApiResult<Node> live = api.get(ResourceType.NODE, "", cached.get().name());
    if (!(live instanceof ApiResult.Ok<Node>(Node node))) {
      return observed.withDrainCheck(UNREADABLE);
    }
    caches.nodes().changed(node);
    ObservedSession current = observed.withNode(node);
    return node.drain()
        .map(kind -> current.withDrainCheck(check(current, pod.get(), node, kind, now)))
        .orElse(current);
  }

  private DrainCheck check(
      ObservedSession observed, Pod pod, Node node, Node.Drain kind, Instant now) {
    ApiResult<PodPlacement> read = api.get(PodPlacement.TYPE, pod.namespace(), pod.name());
    if (!(read instanceof ApiResult.Ok<PodPlacement>(PodPlacement placement))
        || !placement.uid().equals(pod.uid())) {
      return UNREADABLE;
    }
    if (node.drainTaints().stream().allMatch(placement::tolerates)) {
      return new DrainCheck.Fixed(StatusMessage.DRAIN_TOLERATED.text());
    }
    if (kind == Node.Drain.REMOVAL) {
      // Autoscalers have checked that its pods fit elsewhere, or add a node when they do not.
      return new DrainCheck.Movable();
    }
    ApiResult<Optional<NodeSelector>> volume = volume(observed);
    if (!(volume instanceof ApiResult.Ok<Optional<NodeSelector>>(Optional<NodeSelector> nodes))) {
      return UNREADABLE;
    }
    return destination(pod, placement, terms(placement.affinity(), nodes), node, now);
  }

  /** The nodes that can use the volume of the home. */
  private ApiResult<Optional<NodeSelector>> volume(ObservedSession observed) {
    Optional<String> name =
        observed
            .home()
            .map(PersistentVolumeClaim::spec)
            .map(PersistentVolumeClaim.Spec::volumeName)
            .filter(bound -> !bound.isEmpty());
    return name.isEmpty()
        ? new ApiResult.Ok<>(Optional.empty())
        : api.get(PersistentVolume.TYPE, "", name.get()).map(PersistentVolume::nodes);
  }

  /** What both require: a node must match one term of each. */
  private static List<NodeSelector.Term> terms(
      Optional<NodeSelector> pod, Optional<NodeSelector> volume) {
    return terms(pod).stream().flatMap(one -> terms(volume).stream().map(one::and)).toList();
  }

  private static List<NodeSelector.Term> terms(Optional<NodeSelector> selector) {
    return selector.map(NodeSelector::nodeSelectorTerms).orElse(List.of(NodeSelector.Term.ANY));
  }

  /** One at a time, so that two desktops do not move to the same GPU. */
  private synchronized DrainCheck destination(
      Pod pod, PodPlacement placement, List<NodeSelector.Term> terms, Node current, Instant now) {
    Map<String, Node> candidates = new TreeMap<>();
    for (NodeSelector.Term term : terms) {
      Optional<List<Node>> nodes = nodes(selector(placement, term), now);
      if (nodes.isEmpty()) {
        return UNREADABLE;
      }
      nodes.get().stream()
          .filter(node -> term.allowsName(node.name()))
          .filter(node -> !node.name().equals(current.name()))
          .filter(node -> node.drain().isEmpty() && node.readySince().isPresent())
          .filter(node ->
              node.spec().taints().stream()
                  .allMatch(taint -> !taint.repels() || placement.tolerates(taint)))
          .forEach(node -> candidates.put(node.name(), node));
    }
    return hasRoom(pod, candidates, now) ? new DrainCheck.Movable() : NOWHERE;
  }

  private static String selector(PodPlacement placement, NodeSelector.Term term) {
    return Stream.concat(
            placement.spec().nodeSelector().entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .map(label -> label.getKey() + "=" + label.getValue()),
            Stream.of(term.labelSelector()).filter(text -> !text.isEmpty()))
        .collect(Collectors.joining(","));
  }

  private Optional<List<Node>> nodes(String selector, Instant now) {
    listed.values().removeIf(old -> old.at().plus(NODES_VALID).isBefore(now));
    Listed known = listed.get(selector);
    if (known != null) {
      return Optional.of(known.nodes());
    }
    List<Node> nodes = new ArrayList<>();
    if (api.forEach(ResourceType.NODE, "", selector, nodes::add).failure().isPresent()) {
      return Optional.empty();
    }
    listed.put(selector, new Listed(nodes, now));
    return Optional.of(nodes);
  }

  /**
   * Whether the candidates have free GPUs for this pod, beside those for pods of the operator that
   * wait for a node, and for desktops that move. Pods of others are not counted.
   */
  private boolean hasRoom(Pod pod, Map<String, Node> candidates, Instant now) {
    reserved.values().removeIf(old -> old.at().plus(RESERVED).isBefore(now));
    long needed = pod.gpus();
    Optional<String> resource = pod.gpuResource().filter(any -> needed > 0);
    if (resource.isEmpty()) {
      return !candidates.isEmpty();
    }
    Map<String, Long> free = new HashMap<>();
    candidates.forEach((name, node) ->
        free.put(
            name,
            Quantities.parse(node.status().allocatable().getOrDefault(resource.get(), "0"))
                .map(BigDecimal::longValue)
                .orElse(0L)));
    long waiting = 0;
    for (Pod other : caches.pods().list()) {
      if (other.isFinished() || !other.gpuResource().equals(resource)) {
        continue;
      }
      if (other.isScheduled()) {
        free.computeIfPresent(other.spec().nodeName(), (name, left) -> left - other.gpus());
      } else {
        waiting += other.gpus();
      }
    }
    long moving =
        reserved.entrySet().stream()
            .filter(entry -> !entry.getKey().equals(pod.uid()))
            .mapToLong(entry -> entry.getValue().gpus())
            .sum();
    long room = free.values().stream().filter(left -> left >= needed).mapToLong(left -> left).sum();
    boolean fits = room - waiting - moving >= needed;
    if (fits && NodeDrain.deadline(pod).isPresent()) {
      reserved.put(pod.uid(), new Reservation(needed, now));
    }
    return fits;
  }
}
