package io.vdi.operator.common.model;

import com.google.gson.annotations.SerializedName;

/** How the desktop reaches the browser, spec.md section 1 (VDITemplate). */
public enum Transport {
  @SerializedName("websockets")
  WEBSOCKETS,
  @SerializedName("webrtc")
  WEBRTC,
  @SerializedName("dual")
  DUAL;

  /** WebRTC needs a relay where client and pod cannot see each other. */
  public boolean usesWebRtc() {
    return this != WEBSOCKETS;
  }
}
