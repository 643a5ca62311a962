package io.vdi.operator.common.model;

import com.google.gson.annotations.SerializedName;

/** What ends the use of a desktop by its clients; docs/specification.md, section 5. */
public enum IdleOn {
  /** A client that is connected uses the desktop. */
  @SerializedName("Disconnect")
  DISCONNECT("Disconnect"),
  /** Only input uses the desktop. */
  @SerializedName("NoInput")
  NO_INPUT("NoInput");

  private final String text;

  IdleOn(String text) {
    this.text = text;
  }

  /** The value in the API. */
  public String text() {
    return text;
  }
}
