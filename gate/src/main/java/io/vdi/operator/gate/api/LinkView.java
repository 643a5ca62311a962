package io.vdi.operator.gate.api;

import java.net.URI;
import java.time.Instant;

/**
 * A new link by which guests without an account watch a desktop.
 *
 * @param url contains the secret: it is shown once, and stored nowhere
 * @param user of the share, by which the link is ended
 * @param until when it ends
 */
public record LinkView(URI url, String user, Instant until) {
  @Override
  public String toString() {
    return user;
  }
}
