package io.vdi.operator.gate.forward;

import io.vdi.operator.common.model.DesktopCredentials;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** The header by which Selkies authenticates a request. */
final class BasicAuthorization {
  private BasicAuthorization() {}

  static String of(DesktopCredentials credentials) {
    String pair = credentials.user() + ":" + credentials.password();
    return "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
  }
}
