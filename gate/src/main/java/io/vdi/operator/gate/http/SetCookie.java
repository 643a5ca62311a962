package io.vdi.operator.gate.http;

import java.time.Duration;

/**
 * The values of {@code Set-Cookie}. Each cookie is bound to its host ({@code __Host-}), is hidden
 * from scripts, and is not sent with requests that other sites start, except navigations.
 */
public final class SetCookie {
  private static final String ATTRIBUTES = "; Path=/; Secure; HttpOnly; SameSite=Lax";

  private SetCookie() {}

  /** A cookie until this time has passed. */
  public static String of(String name, String value, Duration maxAge) {
    return name + "=" + value + "; Max-Age=" + maxAge.toSeconds() + ATTRIBUTES;
  }

  /** Makes the browser delete the cookie. */
  public static String delete(String name) {
    return name + "=; Max-Age=0" + ATTRIBUTES;
  }
}
