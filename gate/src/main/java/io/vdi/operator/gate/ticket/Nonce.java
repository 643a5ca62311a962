package io.vdi.operator.gate.ticket;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A random value in a cookie of the desktop's host. The ticket contains its hash, so that the
 * address with the ticket is useless in another browser.
 */
public record Nonce(String value) {
  public static final String COOKIE = "__Host-vdi-nonce";

  private static final Pattern SHAPE = Pattern.compile("[A-Za-z0-9_-]{43}");
  private static final int BYTES = 32;

  /** A new value. */
  public static Nonce random(SecureRandom random) {
    byte[] bytes = new byte[BYTES];
    random.nextBytes(bytes);
    return new Nonce(encode(bytes));
  }

  /** The value of a cookie; empty if the gate has not made it. */
  public static Optional<Nonce> parse(String cookie) {
    return SHAPE.matcher(cookie).matches() ? Optional.of(new Nonce(cookie)) : Optional.empty();
  }

  /** What others may know of it. */
  public String hash() {
    try {
      return encode(
          MessageDigest.getInstance("SHA-256").digest(value.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** Whether the text can be the hash of a nonce. */
  static boolean isHash(String text) {
    return SHAPE.matcher(text).matches();
  }

  private static String encode(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  @Override
  public String toString() {
    return "nonce";
  }
}
