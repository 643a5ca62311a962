package io.vdi.operator.gate.portal.view;

import io.vdi.operator.gate.http.Assets;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The image of a template. Administrators set it, and it can be anything; so only two forms are
 * shown: the name of an icon of the portal, and a {@code data:} address of a PNG, WebP or SVG image
 * in base 64. Browsers run no scripts of an SVG in {@code <img>} and load nothing that it names.
 *
 * @param source for the attribute {@code src}
 * @param isOwn whether it is an icon of the portal, which is white on the colour of the page
 */
public record Icon(String source, boolean isOwn) {
  private static final int MAX_LENGTH = 64 * 1024;
  private static final Pattern NAME = Pattern.compile("[a-z]{1,20}");
  private static final Pattern DATA =
      Pattern.compile("data:image/(png|webp|svg\\+xml);base64,[A-Za-z0-9+/]++={0,2}");

  static Icon of(Optional<String> icon) {
    String text = icon.orElse("");
    if (text.length() <= MAX_LENGTH && DATA.matcher(text).matches()) {
      return new Icon(text, false);
    }
    String file = "icon-" + text + ".svg";
    boolean isKnown = NAME.matcher(text).matches() && Assets.CURRENT.contains(file);
    return new Icon(Assets.CURRENT.address(isKnown ? file : "icon-desktop.svg"), true);
  }
}
