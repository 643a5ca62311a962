package io.vdi.operator.common.model;

import com.google.gson.annotations.SerializedName;

/** The value of status.phase of a VDISession; docs/specification.md, section 1. */
public enum Phase {
  @SerializedName("Pending")
  PENDING("Pending"),
  @SerializedName("Creating")
  CREATING("Creating"),
  @SerializedName("Running")
  RUNNING("Running"),
  @SerializedName("Suspended")
  SUSPENDED("Suspended"),
  @SerializedName("Terminating")
  TERMINATING("Terminating"),
  @SerializedName("Failed")
  FAILED("Failed");

  private final String text;

  Phase(String text) {
    this.text = text;
  }

  /** The value in the API. */
  public String text() {
    return text;
  }
}
