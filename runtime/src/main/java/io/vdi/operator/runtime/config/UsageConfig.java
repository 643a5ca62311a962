package io.vdi.operator.runtime.config;

import java.time.DateTimeException;
import java.time.ZoneId;
import java.time.ZoneOffset;

/** The settings {@code usage.*} that several services share. */
public final class UsageConfig {
  private UsageConfig() {}

  /** {@code usage.timeZone}: the zone in which months begin. */
  public static ZoneId zone(ConfigReader read) {
    String name = read.text("usage.timeZone");
    try {
      return ZoneId.of(name);
    } catch (DateTimeException e) {
      read.problem(
          "usage.timeZone \"%s\" must be a name of the IANA time zone database, such as UTC or Europe/Berlin"
              .formatted(name));
      return ZoneOffset.UTC;
    }
  }
}
