package io.vdi.operator.common.model;

import com.google.gson.annotations.SerializedName;

/** What the reaper does with an idle session; docs/specification.md, section 5. */
public enum IdleAction {
  @SerializedName("Suspend")
  SUSPEND("Suspend"),
  @SerializedName("Delete")
  DELETE("Delete");

  private final String text;

  IdleAction(String text) {
    this.text = text;
  }

  /** The value in the API. */
  public String text() {
    return text;
  }
}
