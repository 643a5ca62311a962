package io.vdi.operator.common.model;

import com.google.gson.annotations.SerializedName;

/** What becomes of the home when its session goes, spec.md section 1. */
public enum ReclaimPolicy {
  @SerializedName("Delete")
  DELETE("Delete"),
  @SerializedName("Retain")
  RETAIN("Retain");

  private final String text;

  ReclaimPolicy(String text) {
    this.text = text;
  }

  /** The word as it stands in the API. */
  public String text() {
    return text;
  }
}
