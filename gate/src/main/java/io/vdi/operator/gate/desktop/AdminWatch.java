package io.vdi.operator.gate.desktop;

import java.util.Arrays;
import java.util.Optional;

/** Whether admins watch the desktops of others, and whether the owner is told. */
public enum AdminWatch {
  OFF,
  ANNOUNCED,
  SILENT;

  /** Empty if there is no such setting. YAML reads {@code off} without quotes as false. */
  public static Optional<AdminWatch> of(String text) {
    if (text.equals("false")) {
      return Optional.of(OFF);
    }
    return Arrays.stream(values()).filter(value -> value.text().equals(text)).findFirst();
  }

  /** As in the configuration. */
  public String text() {
    return switch (this) {
      case OFF -> "off";
      case ANNOUNCED -> "announced";
      case SILENT -> "silent";
    };
  }
}
