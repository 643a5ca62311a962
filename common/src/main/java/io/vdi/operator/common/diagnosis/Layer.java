package io.vdi.operator.common.diagnosis;

/** Where a cause lies; the layers stand on one another in this order. */
public enum Layer {
  /** The API server, the operator's services, what they need. */
  CONTROL_PLANE("Control plane"),
  /** Nodes, GPUs, volumes, images: what a desktop is made of. */
  INFRASTRUCTURE("Infrastructure"),
  /** From the browser to the desktop. */
  DATA_PLANE("Data plane");

  private final String title;

  Layer(String title) {
    this.title = title;
  }

  /** For people. */
  public String title() {
    return title;
  }
}
