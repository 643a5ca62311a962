package io.vdi.operator.gate.portal.view;

import io.vdi.operator.gate.http.Assets;
import java.util.Optional;

/**
 * What every page has around its content.
 *
 * @param path of the page, for the navigation
 * @param user the e-mail of the user who is signed in
 * @param warning about the installation, in English
 */
public record Shell(
    Texts texts,
    String title,
    String path,
    Optional<String> user,
    boolean isAdmin,
    Optional<String> warning) {
  /** The address of an asset. */
  public String asset(String name) {
    return Assets.CURRENT.address(name);
  }

  public String style() {
    return asset(Assets.STYLE);
  }

  public String script() {
    return asset(Assets.SCRIPT);
  }

  public String favicon() {
    return asset(Assets.FAVICON);
  }

  /** Whether a link of the navigation leads to this page. */
  public boolean isAt(String link) {
    return path.equals(link);
  }
}
