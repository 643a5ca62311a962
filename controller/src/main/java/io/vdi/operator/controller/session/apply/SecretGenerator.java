package io.vdi.operator.controller.session.apply;

import com.google.gson.JsonObject;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.DesktopCredentials;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;
import java.util.random.RandomGenerator;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Draws the secret values of a session, in the moment in which they are written. */
public final class SecretGenerator {
  private static final String ALPHABET =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  private static final int LENGTH = 32;

  private final RandomGenerator random;

  /**
   * @param random must be a SecureRandom outside of tests
   */
  public SecretGenerator(RandomGenerator random) {
    this.random = random;
  }

  /** 32 letters and digits: 190 bits. */
  String password() {
    StringBuilder password = new StringBuilder(LENGTH);
    for (int i = 0; i < LENGTH; i++) {
      password.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
    }
    return password.toString();
  }

  /**
   * Credentials that the TURN server accepts until then, by coturn's use-auth-secret: the user name
   * is {@code <unix expiry>:<user>}, the password base64(HMAC-SHA1(secret, user name)).
   */
  static JsonObject turn(Path secretFile, String user, Instant expires)
      throws TurnSecretMissingException {
    String secret;
    try {
      secret = Files.readString(secretFile).strip();
    } catch (IOException e) {
      throw new TurnSecretMissingException("turn.secretFile " + secretFile + " cannot be read");
    }
    if (secret.isEmpty()) {
      throw new TurnSecretMissingException("turn.secretFile " + secretFile + " is empty");
    }
    String username = expires.getEpochSecond() + ":" + user;
    try {
      Mac mac = Mac.getInstance("HmacSHA1");
      mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA1"));
      byte[] digest = mac.doFinal(username.getBytes(StandardCharsets.UTF_8));
      JsonObject data = new JsonObject();
      data.addProperty("turn-username", username);
      data.addProperty("turn-password", Base64.getEncoder().encodeToString(digest));
      return data;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has HmacSHA1", e);
    }
  }

  /**
   * The shared secret of the TURN server is not to be had; the message says where it was looked
   * for.
   */
  static final class TurnSecretMissingException extends Exception {
    private static final long serialVersionUID = 1L;

    TurnSecretMissingException(String message) {
      super(message);
    }

    ApiFailure failure() {
      return new ApiFailure.Permanent("TurnSecretMissing", getMessage());
    }
  }

  /** Where the shared secret is, and until when this session's credentials are to hold. */
  public record TurnGrant(Path secretFile, Instant expires) {}

  static JsonObject values(SecretGenerator secrets, Optional<TurnGrant> turn, String user)
      throws TurnSecretMissingException {
    JsonObject values =
        turn.isPresent()
            ? turn(turn.get().secretFile(), user, turn.get().expires())
            : new JsonObject();
    values.addProperty(DesktopCredentials.PASSWORD_KEY, secrets.password());
    return values;
  }
}
