package io.vdi.operator.gate.http;

import java.text.MessageFormat;
import java.util.Locale;
import java.util.ResourceBundle;

/**
 * The texts of the plain pages of {@link Page}: of the sign-in, and on the hosts of desktops. In
 * English here, in other languages in {@code PageText_*.properties} by the name of the constant.
 */
public enum PageText {
  SIGN_IN("Sign in"),
  SIGN_IN_AGAIN("Sign in again"),
  TRY_AGAIN("Try again"),
  BAD_REQUEST("Bad request"),
  NOT_ALLOWED("Not allowed"),
  NOT_AVAILABLE("Not available"),
  NOT_OPENED("Not opened"),
  NOT_RUNNING("The desktop does not run"),
  NOT_YOUR_DESKTOP("Not your desktop"),
  NO_SUCH_DESKTOP("No such desktop"),
  SIGNED_OUT("Signed out"),
  SIGN_IN_FAILED("Sign-in failed"),
  SIGN_IN_UNAVAILABLE("Sign-in is not available"),
  STILL_SIGNED_IN("You are still signed in"),
  TOO_MANY_GUESTS("Too many guests"),

  ANOTHER_SITE("Another site has started this request."),
  BELONGS_TO_ANOTHER("This desktop belongs to somebody else."),
  CANNOT_BE_OPENED("The desktop cannot be opened at present. Try again."),
  CANNOT_BE_REACHED("The desktop cannot be reached at present. Try again."),
  CANNOT_BE_WATCHED("The desktop cannot be watched at present."),
  CANNOT_BE_WATCHED_BECAUSE("The desktop cannot be watched: {0}."),
  EMAIL_MISSING(
      "The provider did not send a valid e-mail address. Its administrator can add the claim email"
          + " to the ID token."),
  EMAIL_NOT_VERIFIED(
      "The provider has not verified the address {0}. Verify it there, then sign in again."),
  GROUPS_TOO_MANY(
      "You are a member of too many groups for a cookie. An administrator can set gate.oidc.groups"
          + " to the groups that count."),
  LINK_ENDED("The link has ended."),
  LINK_LATER("Open the link again when it runs."),
  LINK_TOO_OFTEN("The link is opened too often at present. Try again in a minute."),
  NOBODY_SIGNS_IN(
      "Nobody can sign in at present. The log of the gate has the reason. Try again later."),
  NOT_A_DESKTOP("The address is not a desktop."),
  NO_ADDRESS("The router sent no address."),
  NO_DESKTOP("There is no desktop at this address."),
  NO_LONGER("You can no longer use this desktop."),
  NOT_FOR_YOU(
      "You are signed in as {0}. The template {1} is not for you: ask an admin to add you."),
  OF_SOMEBODY_ELSE("You are signed in as {0}. This desktop belongs to somebody else."),
  ONLY_OWNER_STARTS("Only {0} and admins can start it."),
  ONLY_OWN_PAGE_CONNECTS("Only a page of this desktop can connect to it."),
  ONLY_OWN_PAGE_SENDS("Only a page of this desktop can send this request."),
  ONLY_WATCHES("You only watch this desktop."),
  PROVIDER_ANSWER("The answer of the provider was not accepted."),
  PROVIDER_REFUSED("The provider has refused the sign-in."),
  RELOAD("Reload the page."),
  SHARE_ENDED("The owner shares this desktop with you no more."),
  SIGNED_OUT_NOW("You are signed out."),
  SIGN_IN_NOT_STARTED("The sign-in was not started in this browser, or it took too long."),
  SIGN_OUT_NOT_STORED("The sign-out could not be stored. Go back and try again."),
  TICKET_INVALID("The link to the desktop is not valid, or it is too old."),
  TICKET_USED("The link to the desktop was used before.");

  static final String BUNDLE = "io.vdi.operator.gate.http.PageText";

  private final String english;

  PageText(String english) {
    this.english = english;
  }

  /**
   * The text with its values.
   *
   * @param values for {@code {0}}, {@code {1}} …
   */
  public With with(Object... values) {
    return locale -> new MessageFormat(pattern(locale), locale).format(values);
  }

  /** The text in English, for the log, if it has no values. */
  public String english() {
    return with().in(Locale.ENGLISH);
  }

  /** The pattern of the text. */
  String pattern(Locale locale) {
    return locale.equals(Locale.ENGLISH)
        ? english
        : ResourceBundle.getBundle(
                BUNDLE,
                locale,
                ResourceBundle.Control.getNoFallbackControl(
                    ResourceBundle.Control.FORMAT_PROPERTIES))
            .getString(name());
  }

  /** A text with its values. */
  @FunctionalInterface
  public interface With {
    /** The text in a language of {@link Languages#ALL}. */
    String in(Locale locale);
  }
}
