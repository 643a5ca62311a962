package io.vdi.operator.gate.api.cluster;

import io.vdi.operator.common.model.SessionKey;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;

/**
 * Where the next page of a list begins: after the last session of the page before. So a session
 * that is created or deleted between two pages moves no other one to a page that was read already.
 */
final class PageToken {
  private static final int MAX_LENGTH = 512;

  private PageToken() {}

  static String of(SessionKey last) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(last.toString().getBytes(StandardCharsets.UTF_8));
  }

  static Optional<SessionKey> parse(String token) {
    if (token.length() > MAX_LENGTH) {
      return Optional.empty();
    }
    try {
      String[] parts =
          new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8).split("/", -1);
      return parts.length == 2 ? Optional.of(new SessionKey(parts[0], parts[1])) : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
