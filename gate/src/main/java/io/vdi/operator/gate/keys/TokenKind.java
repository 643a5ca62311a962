package io.vdi.operator.gate.keys;

import com.nimbusds.jose.JOSEObjectType;

/** What a token is for. It is in the header, so that no token is accepted in place of another. */
public enum TokenKind {
  SIGN_IN("vdi-signin+jwt"),
  TICKET("vdi-ticket+jwt"),
  DESKTOP("vdi-desktop+jwt"),
  LINK_VISIT("vdi-link+jwt"),
  PENDING_SIGN_IN("vdi-pending+jwt");

  private final String type;

  TokenKind(String type) {
    this.type = type;
  }

  JOSEObjectType type() {
    return new JOSEObjectType(type);
  }
}
