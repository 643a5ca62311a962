package io.vdi.operator.common.model;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The fields of an HTTPRoute of the Gateway API that the operator reads. */
public record HttpRoute(ObjectMeta metadata, Status status) implements KubeObject {
  /**
   * The conditions that are False while a Gateway does not serve the route. The Gateway API defines
   * them.
   */
  private static final Set<String> CHECKED = Set.of("Accepted", "ResolvedRefs");

  public HttpRoute {
    metadata = metadata == null ? ObjectMeta.EMPTY : metadata;
    status = status == null ? new Status(null) : status;
  }

  /**
   * @param parents one entry of each router for each Gateway that the route refers to
   */
  public record Status(List<ParentStatus> parents) {
    public Status {
      parents = parents == null ? List.of() : parents;
    }
  }

  public record ParentStatus(ParentReference parentRef, List<Condition> conditions) {
    public ParentStatus {
      parentRef = parentRef == null ? new ParentReference(null) : parentRef;
      conditions = conditions == null ? List.of() : conditions;
    }
  }

  /** The Gateway. */
  public record ParentReference(String name) {
    public ParentReference {
      name = name == null ? "" : name;
    }
  }

  /**
   * Why a Gateway does not serve the route.
   *
   * @param gateway its name
   * @param message of the router; its reason if it gives none
   */
  public record Refusal(String gateway, String reason, String message) {}

  /**
   * The first refusal of a router. Empty if all Gateways accept the route, or no router has
   * reported on this version of the route yet.
   */
  public Optional<Refusal> refusal() {
    return status.parents().stream()
        .flatMap(parent ->
            parent.conditions().stream()
                .filter(condition -> CHECKED.contains(condition.type()))
                .filter(condition -> condition.status().equals("False"))
                .filter(condition -> condition.observedGeneration() >= metadata.generation())
                .map(condition ->
                    new Refusal(
                        parent.parentRef().name(),
                        condition.reason(),
                        condition.message().isBlank() ? condition.reason() : condition.message())))
        .findFirst();
  }
}
