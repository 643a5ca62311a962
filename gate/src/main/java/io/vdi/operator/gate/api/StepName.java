package io.vdi.operator.gate.api;

/** The steps of the start of a desktop, in their order. */
public enum StepName {
  /** A node with a free GPU, memory and CPU; before that, room in the quotas. */
  PLACE("Place"),
  /** The home is provisioned. */
  VOLUME("Volume"),
  /** The image is on the node. */
  IMAGE("Image"),
  /** The desktop answers. */
  DESKTOP("Desktop"),
  /** The router knows the address. */
  ROUTE("Route");

  private final String title;

  StepName(String title) {
    this.title = title;
  }

  /** In English, for people. */
  public String title() {
    return title;
  }
}
