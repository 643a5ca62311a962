package io.vdi.operator.common.model;

import com.google.gson.annotations.SerializedName;

/** What becomes of the home when its session goes, spec.md section 1. */
public enum ReclaimPolicy {
  @SerializedName("Delete")
  DELETE,
  @SerializedName("Retain")
  RETAIN
}
