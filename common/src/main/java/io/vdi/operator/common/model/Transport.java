package io.vdi.operator.common.model;

import com.google.gson.annotations.SerializedName;

/** How the desktop is streamed to the browser; docs/specification.md, section 1. */
public enum Transport {
  @SerializedName("websockets")
  WEBSOCKETS,
  @SerializedName("webrtc")
  WEBRTC,
  @SerializedName("dual")
  DUAL;

  /** Whether it uses WebRTC, which needs a TURN server unless client and pod share a network. */
  public boolean usesWebRtc() {
    return this != WEBSOCKETS;
  }
}
