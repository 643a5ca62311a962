package io.vdi.operator.controller.session.apply;

import com.google.gson.JsonObject;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.DesktopCredentials;
import io.vdi.operator.controller.session.plan.TurnGrant;
import io.vdi.operator.controller.session.resources.SessionConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.Optional;
import java.util.random.RandomGenerator;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Generates the secret values of a session immediately before they are written. */
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

  /** The shared secret of the TURN server cannot be read; the message contains the file. */
  static final class TurnSecretMissingException extends Exception {
    private static final long serialVersionUID = 1L;

    TurnSecretMissingException(String message) {
      super(message);
    }

    ApiFailure failure() {
      return new ApiFailure.Permanent("TurnSecretMissing", getMessage());
    }
  }

  /**
   * The {@code stringData} of a new Secret: the passwords of owner and guests, and the TURN
   * credentials if the session uses a TURN server.
   */
  JsonObject values(String sessionUid, Optional<TurnGrant> turn) throws TurnSecretMissingException {
    JsonObject values =
        turn.isPresent() ? turnCredentials(sessionUid, turn.get()) : new JsonObject();
    values.addProperty(DesktopCredentials.PASSWORD_KEY, password());
    values.addProperty(DesktopCredentials.VIEWER_PASSWORD_KEY, password());
    return values;
  }

  /** The {@code stringData} that adds the password of guests to a Secret. */
  JsonObject viewerPassword() {
    JsonObject values = new JsonObject();
    values.addProperty(DesktopCredentials.VIEWER_PASSWORD_KEY, password());
    return values;
  }

  /** 32 letters and digits, 190 bits of entropy. */
  private String password() {
    StringBuilder password = new StringBuilder(LENGTH);
    for (int i = 0; i < LENGTH; i++) {
      password.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
    }
    return password.toString();
  }

  /**
   * Credentials in the format of coturn's {@code use-auth-secret}: the user name is {@code <expiry
   * in Unix time>:<UID of the session>}, the password is base64(HMAC-SHA1(secret, user name)).
   */
  static JsonObject turnCredentials(String sessionUid, TurnGrant turn)
      throws TurnSecretMissingException {
    String secret = read(Path.of(turn.secretFile()));
    String username = turn.expires().getEpochSecond() + ":" + sessionUid;
    try {
      Mac mac = Mac.getInstance("HmacSHA1");
      mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA1"));
      byte[] digest = mac.doFinal(username.getBytes(StandardCharsets.UTF_8));
      JsonObject data = new JsonObject();
      data.addProperty(SessionConfig.Turn.USERNAME_KEY, username);
      data.addProperty(SessionConfig.Turn.PASSWORD_KEY, Base64.getEncoder().encodeToString(digest));
      return data;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has HmacSHA1", e);
    }
  }

  private static String read(Path file) throws TurnSecretMissingException {
    String secret;
    try {
      secret = Files.readString(file).strip();
    } catch (IOException e) {
      throw new TurnSecretMissingException("turn.secretFile " + file + " cannot be read");
    }
    if (secret.isEmpty()) {
      throw new TurnSecretMissingException("turn.secretFile " + file + " is empty");
    }
    return secret;
  }
}
