package io.vdi.operator.common.model;

import com.google.gson.annotations.SerializedName;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The fields of a pod that restrict its nodes. Not in {@link Pod}, of which caches hold thousands.
 */
public record PodPlacement(ObjectMeta metadata, Spec spec) implements KubeObject {
  public static final ResourceType<PodPlacement> TYPE =
      new ResourceType<>("", "v1", "Pod", "pods", true, PodPlacement.class);

  public PodPlacement {
    metadata = metadata == null ? ObjectMeta.EMPTY : metadata;
    spec = spec == null ? new Spec(null, null, null) : spec;
  }

  /**
   * @param affinity null: none
   */
  public record Spec(
      Map<String, String> nodeSelector, List<Toleration> tolerations, Affinity affinity) {
    public Spec {
      nodeSelector = nodeSelector == null ? Map.of() : Map.copyOf(nodeSelector);
      tolerations = tolerations == null ? List.of() : List.copyOf(tolerations);
    }
  }

  public record Affinity(NodeAffinity nodeAffinity) {}

  public record NodeAffinity(
      @SerializedName("requiredDuringSchedulingIgnoredDuringExecution") NodeSelector required) {}

  public record Toleration(String key, String operator, String value, String effect) {
    public Toleration {
      key = key == null ? "" : key;
      operator = operator == null || operator.isEmpty() ? "Equal" : operator;
      value = value == null ? "" : value;
      effect = effect == null ? "" : effect;
    }

    boolean tolerates(Node.Taint taint) {
      boolean exists = operator.equals("Exists");
      // Gt and Lt, which compare numbers, tolerate nothing here: the desktop then stays.
      boolean equal = operator.equals("Equal");
      return (effect.isEmpty() || effect.equals(taint.effect()))
          && ((key.isEmpty() && exists)
              || (key.equals(taint.key()) && (exists || (equal && value.equals(taint.value())))));
    }
  }

  /** Whether the pod can be scheduled on a node with this taint. */
  public boolean tolerates(Node.Taint taint) {
    return spec.tolerations().stream().anyMatch(toleration -> toleration.tolerates(taint));
  }

  /** The required node affinity; empty if it has none. */
  public Optional<NodeSelector> affinity() {
    return Optional.ofNullable(spec.affinity())
        .flatMap(affinity -> Optional.ofNullable(affinity.nodeAffinity()))
        .flatMap(affinity -> Optional.ofNullable(affinity.required()));
  }
}
