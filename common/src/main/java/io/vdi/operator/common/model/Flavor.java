package io.vdi.operator.common.model;

import com.google.gson.annotations.SerializedName;
import java.util.Arrays;
import java.util.Optional;

/**
 * The family of images that a template uses; {@link DesktopServer} has what follows from it. The
 * names are those of {@code spec.flavor}; docs/specification.md, section 1.
 */
public enum Flavor {
  /** Selkies 2, the default. */
  @SerializedName("selkies")
  SELKIES("selkies"),

  /** Selkies 1, such as the images nvidia-egl-desktop and nvidia-glx-desktop. */
  @SerializedName("selkies1")
  SELKIES1("selkies1"),

  /** The images of LinuxServer.io, such as webtop. */
  @SerializedName("linuxserver")
  LINUXSERVER("linuxserver"),

  /** The images of Kasm Technologies, such as kasmweb/desktop. */
  @SerializedName("kasmvnc")
  KASMVNC("kasmvnc"),

  /** {@code spec.custom} describes the image. */
  @SerializedName("custom")
  CUSTOM("custom");

  private final String text;

  Flavor(String text) {
    this.text = text;
  }

  /** As templates have it. */
  public String text() {
    return text;
  }

  /** Empty if there is no such flavor. */
  public static Optional<Flavor> of(String text) {
    return Arrays.stream(values()).filter(flavor -> flavor.text.equals(text)).findFirst();
  }
}
