package io.vdi.operator.gate.portal;

import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.gate.portal.view.Paths;
import java.util.Arrays;
import java.util.Optional;

/** The page on which a button was pressed, to which the browser returns. */
enum Origin {
  HOME("home"),
  ADMIN("admin"),
  SESSION("session");

  private final String text;

  Origin(String text) {
    this.text = text;
  }

  /** In forms. */
  String text() {
    return text;
  }

  static Origin of(Optional<String> text) {
    return Arrays.stream(values())
        .filter(origin -> text.equals(Optional.of(origin.text)))
        .findFirst()
        .orElse(SESSION);
  }

  String path(SessionKey key) {
    return switch (this) {
      case HOME -> Paths.HOME;
      case ADMIN -> Paths.ADMIN;
      case SESSION -> Paths.session(key);
    };
  }

  /** The session has no page any more soon. */
  String afterDelete() {
    return this == ADMIN ? Paths.ADMIN : Paths.HOME;
  }
}
