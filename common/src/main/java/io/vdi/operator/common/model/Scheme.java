package io.vdi.operator.common.model;

import com.google.gson.annotations.SerializedName;

/** The protocol that a desktop speaks on its port. */
public enum Scheme {
  @SerializedName("http")
  HTTP,
  @SerializedName("https")
  HTTPS;

  /** As URLs have it. */
  public String text() {
    return switch (this) {
      case HTTP -> "http";
      case HTTPS -> "https";
    };
  }
}
