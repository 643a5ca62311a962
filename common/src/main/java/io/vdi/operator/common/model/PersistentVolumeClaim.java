package io.vdi.operator.common.model;

import java.util.Map;

/** The fields of a PersistentVolumeClaim that the operator reads. */
public record PersistentVolumeClaim(ObjectMeta metadata, Spec spec, Status status)
    implements KubeObject {
  public PersistentVolumeClaim {
    metadata = metadata == null ? ObjectMeta.EMPTY : metadata;
    spec = spec == null ? new Spec(null, null) : spec;
    status = status == null ? new Status(null, null) : status;
  }

  /**
   * @param volumeName of the volume to which the claim is bound; empty before
   */
  public record Spec(String storageClassName, Requests resources, String volumeName) {
    /** A claim that is not bound. */
    public Spec(String storageClassName, Requests resources) {
      this(storageClassName, resources, null);
    }

    public Spec {
      volumeName = volumeName == null ? "" : volumeName;
      storageClassName = storageClassName == null ? "" : storageClassName;
      resources = resources == null ? new Requests(null) : resources;
    }
  }

  public record Requests(Map<String, String> requests) {
    public Requests {
      requests = requests == null ? Map.of() : requests;
    }
  }

  public record Status(String phase, Map<String, String> capacity) {
    public Status {
      capacity = capacity == null ? Map.of() : capacity;
      phase = phase == null ? "Pending" : phase;
    }
  }

  public boolean isBound() {
    return status.phase.equals("Bound");
  }

  /** The size of the bound volume; empty while the claim is not bound. */
  public String capacity() {
    return status.capacity().getOrDefault("storage", "");
  }

  public String requestedSize() {
    return spec.resources.requests().getOrDefault("storage", "");
  }
}
