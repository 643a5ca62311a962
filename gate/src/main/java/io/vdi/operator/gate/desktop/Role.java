package io.vdi.operator.gate.desktop;

/** In which role a user opens a desktop. */
public enum Role {
  OWNER,
  /** An admin who uses the desktop of somebody else. */
  ADMIN,
  /** A guest who uses the desktop. */
  CONTROL,
  /** A guest who watches. */
  VIEW,
  /** A guest without an account who watches by a link. */
  LINK,
  /** An admin who watches. */
  WATCH;

  /** Whether the user only sees the picture: the desktop gets the password of guests. */
  public boolean onlyWatches() {
    return switch (this) {
      case VIEW, LINK, WATCH -> true;
      case OWNER, ADMIN, CONTROL -> false;
    };
  }

  /** Whether the owner is told that the user has the desktop open. */
  public boolean isVisitor() {
    return this != OWNER;
  }

  /** Whether the user gets no further than the picture or the use of a desktop that runs. */
  public boolean isGuest() {
    return switch (this) {
      case CONTROL, VIEW, LINK, WATCH -> true;
      case OWNER, ADMIN -> false;
    };
  }

  /** Whether an admin has it without an invitation of the owner. */
  public boolean isOfAdmin() {
    return switch (this) {
      case ADMIN, WATCH -> true;
      case OWNER, CONTROL, VIEW, LINK -> false;
    };
  }
}
