package io.vdi.operator.common.model;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What a guest without an account shows to watch a desktop: docs/specification.md, section 8. The
 * session has its hash as a {@link Share#user}; the code itself is stored nowhere. It contains the
 * UID of the session, so a hash that is copied into another session lets nobody in there.
 */
public final class LinkCode {
  /** Bytes of the secret in a code. */
  public static final int SECRET_BYTES = 32;

  /** The page of the portal that opens links. */
  public static final String PAGE = "/link";

  private static final String PREFIX = "link:";

  /** The UID of a session, and 32 bytes in base64url. */
  private static final Pattern CODE = Pattern.compile("[A-Za-z0-9-]{1,64}\\.[A-Za-z0-9_-]{43}");

  /** 32 bytes have one encoding: of the last character, two bits are zero. */
  private static final Pattern USER =
      Pattern.compile(PREFIX + "[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]");

  private final String text;

  private LinkCode(String text) {
    this.text = text;
  }

  /**
   * A new code.
   *
   * @param secret {@value #SECRET_BYTES} random bytes
   */
  public static LinkCode of(String sessionUid, byte[] secret) {
    return new LinkCode(sessionUid + "." + encode(secret));
  }

  /** The code in a link; empty if it cannot be one. */
  public static Optional<LinkCode> parse(String text) {
    return CODE.matcher(text).matches() ? Optional.of(new LinkCode(text)) : Optional.empty();
  }

  /** Whether a user of a share stands for a link. */
  public static boolean isUser(String user) {
    return USER.matcher(user).matches();
  }

  /** Whether a text is, or could be taken for, the user of a link. No e-mail address may be. */
  public static boolean isReserved(String user) {
    return user.toLowerCase(Locale.ROOT).startsWith(PREFIX);
  }

  /** The session that it is for. */
  public String sessionUid() {
    return text.substring(0, text.indexOf('.'));
  }

  /** The user of its share. Nobody can make the code of it. */
  public String user() {
    try {
      return PREFIX
          + encode(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** The secret: for the link only. */
  public String text() {
    return text;
  }

  /**
   * The link. The code is in its fragment, which browsers send to nobody.
   *
   * @param page the address of {@value #PAGE} on the host of the portal
   */
  public String link(String page) {
    return page + "#" + text;
  }

  private static String encode(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  @Override
  public String toString() {
    return "link code";
  }
}
