package io.vdi.operator.common.model;

import com.google.gson.annotations.SerializedName;

/** What happens to the home when its session is deleted; docs/specification.md, section 1. */
public enum ReclaimPolicy {
  @SerializedName("Delete")
  DELETE("Delete"),
  @SerializedName("Retain")
  RETAIN("Retain");

  private final String text;

  ReclaimPolicy(String text) {
    this.text = text;
  }

  /** The value in the API. */
  public String text() {
    return text;
  }
}
