package io.vdi.operator.common.model;

import java.util.Map;

/** The fields of a PersistentVolumeClaim that the operator reads. */
public record PersistentVolumeClaim(ObjectMeta metadata, Spec spec, Status status)
    implements KubeObject {
  public PersistentVolumeClaim {
    metadata = metadata == null ? ObjectMeta.EMPTY : metadata;
    spec = spec == null ? new Spec(null, null) : spec;
    status = status == null ? new Status(null) : status;
  }

  public record Spec(String storageClassName, Requests resources) {
    public Spec {
      storageClassName = storageClassName == null ? "" : storageClassName;
      resources = resources == null ? new Requests(null) : resources;
    }
  }

  public record Requests(Map<String, String> requests) {
    public Requests {
      requests = requests == null ? Map.of() : requests;
    }
  }

  public record Status(String phase) {
    public Status {
      phase = phase == null ? "Pending" : phase;
    }
  }

  public boolean isBound() {
    return status.phase.equals("Bound");
  }

  public String requestedSize() {
    return spec.resources.requests().getOrDefault("storage", "");
  }
}
