package io.vdi.operator.gate.portal;

import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.gate.http.ReturnPath;
import io.vdi.operator.gate.portal.view.Paths;
import java.util.Optional;

/** The page on which a button was pressed, to which the browser returns. */
sealed interface Origin {
  /** The first page. */
  record Home() implements Origin {}

  /** The page with the desktops of all users. */
  record Admin() implements Origin {}

  /** The page of the session. */
  record Session() implements Origin {}

  /** The page that waits for the desktop, and then shows this path of it. */
  record Opening(ReturnPath path) implements Origin {}

  /** The origin that a form or an address names; the page of the session if it names none. */
  static Origin of(Optional<String> text) {
    return switch (text.orElse("")) {
      case "home" -> new Home();
      case "admin" -> new Admin();
      case String other when other.startsWith("open/") ->
          ReturnPath.parse(other.substring("open".length()))
              .<Origin>map(Opening::new)
              .orElseGet(Session::new);
      default -> new Session();
    };
  }

  /** In forms and addresses. */
  default String text() {
    return switch (this) {
      case Home() -> "home";
      case Admin() -> "admin";
      case Session() -> "session";
      case Opening(ReturnPath path) -> "open" + path.value();
    };
  }

  default String path(SessionKey key) {
    return switch (this) {
      case Home() -> Paths.HOME;
      case Admin() -> Paths.ADMIN;
      case Session() -> Paths.session(key);
      case Opening(ReturnPath path) -> Paths.opening(key, path.value());
    };
  }

  /** The session has no page any more soon. */
  default String afterDelete() {
    return this instanceof Admin ? Paths.ADMIN : Paths.HOME;
  }
}
