package io.vdi.operator.gate.desktop;

/** In which role a user opens a desktop. */
public enum Role {
  OWNER,
  ADMIN
}
