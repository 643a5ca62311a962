package io.vdi.operator.gate.portal;

import java.util.Arrays;
import java.util.Optional;

/** What has been done, which the page after the redirect says. */
enum FlashMessage {
  SUSPENDED("suspended"),
  RESUMED("resumed"),
  EXTENDED("extended"),
  SHARED("shared"),
  UNSHARED("unshared"),
  DELETED("deleted"),
  HOME_DELETED("homeDeleted");

  private final String code;

  FlashMessage(String code) {
    this.code = code;
  }

  /** In the address, and in the key of the text. */
  String code() {
    return code;
  }

  /** A path with this notice. */
  String on(String path) {
    return path + (path.contains("?") ? "&" : "?") + "done=" + code;
  }

  /** The known code in an address: nobody can make the page say something else. */
  static Optional<String> in(Optional<String> code) {
    return code.flatMap(
        text -> Arrays.stream(values()).map(FlashMessage::code).filter(text::equals).findFirst());
  }
}
