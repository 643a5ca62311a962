package io.vdi.operator.common.model;

import com.google.gson.annotations.SerializedName;
import java.util.Arrays;
import java.util.Optional;

/** What a guest does with a shared desktop; docs/specification.md, section 1. */
public enum ShareRole {
  /** Sees the picture and hears the sound. */
  @SerializedName("view")
  VIEW("view"),
  /** Uses the desktop as its owner does, with the owner's logins and files. */
  @SerializedName("control")
  CONTROL("control");

  private final String text;

  ShareRole(String text) {
    this.text = text;
  }

  /** The value in the API. */
  public String text() {
    return text;
  }

  /** Empty if there is no such role. */
  public static Optional<ShareRole> of(String text) {
    return Arrays.stream(values()).filter(role -> role.text.equals(text)).findFirst();
  }
}
