package io.vdi.operator.common.model;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The kinds of objects that a session consists of, in the order in which the controller creates
 * them; docs/specification.md, section 2. This is the only list of them.
 */
public enum ChildKind {
  SECRET,
  HOME,
  SERVICE,
  ROUTE,
  /** What Kubernetes makes the claim of each pod from; only with a DeviceClass. */
  GPU_CLAIM,
  /** After what it mounts and reads. */
  POD,
  /** Allows to read the secret, and no other. */
  ROLE,
  /** Gives the session's user the role. Last: only a role that the controller wrote is bound. */
  ROLE_BINDING;

  /**
   * Whether the session works without this object. A name that is taken, or a refused write, then
   * keeps nothing else from being written.
   */
  public boolean isOptional() {
    return switch (this) {
      case ROLE, ROLE_BINDING -> true;
      case SECRET, HOME, SERVICE, ROUTE, GPU_CLAIM, POD -> false;
    };
  }

  /**
   * The resource types of this kind of object. Only {@link #ROUTE} has more than one; the setting
   * {@code ingress.kind} selects it.
   */
  public List<ResourceType<?>> resourceTypes() {
    return switch (this) {
      case SECRET -> List.of(ResourceType.SECRET);
      case HOME -> List.of(ResourceType.PERSISTENT_VOLUME_CLAIM);
      case SERVICE -> List.of(ResourceType.SERVICE);
      case ROUTE ->
          List.of(ResourceType.INGRESS_ROUTE, ResourceType.INGRESS, ResourceType.HTTP_ROUTE);
      case GPU_CLAIM -> List.of(ResourceType.RESOURCE_CLAIM_TEMPLATE);
      case POD -> List.of(ResourceType.POD);
      case ROLE -> List.of(ResourceType.ROLE);
      case ROLE_BINDING -> List.of(ResourceType.ROLE_BINDING);
    };
  }

  /** The name of this object of the session. */
  public String nameFor(String session) {
    return switch (this) {
      case SECRET, ROLE, ROLE_BINDING -> ResourceNames.secret(session);
      case HOME -> ResourceNames.persistentVolumeClaim(session);
      case GPU_CLAIM -> ResourceNames.gpuClaim(session);
      case SERVICE, ROUTE, POD -> session;
    };
  }

  /** The kind that has this resource type; empty when a session has no such object. */
  public static Optional<ChildKind> of(ResourceType<?> type) {
    return Arrays.stream(values())
        .filter(kind -> kind.resourceTypes().stream().anyMatch(type::isSameResource))
        .findFirst();
  }
}
