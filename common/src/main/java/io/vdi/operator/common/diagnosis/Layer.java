package io.vdi.operator.common.diagnosis;

/** The part of the system in which a cause lies; each layer depends on those before it. */
public enum Layer {
  /** The API server, the operator's services, their permissions and certificates. */
  CONTROL_PLANE("Control plane"),
  /** Nodes, GPUs, volumes and images, which a desktop requires. */
  INFRASTRUCTURE("Infrastructure"),
  /** The way from the browser to the desktop. */
  DATA_PLANE("Data plane");

  private final String title;

  Layer(String title) {
    this.title = title;
  }

  /** The heading in reports and in the documentation. */
  public String title() {
    return title;
  }
}
