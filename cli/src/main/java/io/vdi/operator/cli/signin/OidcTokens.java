package io.vdi.operator.cli.signin;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.cli.cluster.Json;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;

/**
 * A sign-in of the user.
 *
 * @param idToken proves to the API server who the user is
 * @param refreshToken gets the next ID token; empty if the provider gives none
 * @param expiresAt when the ID token expires
 * @param user the e-mail address of the ID token, or its subject
 */
public record OidcTokens(
    String idToken, Optional<String> refreshToken, Instant expiresAt, String user) {

  /**
   * Reads the answer of a token endpoint. The signature of the ID token is not checked: it comes
   * from the provider itself over TLS, and the API server checks it.
   *
   * @param formerRefreshToken stays valid if the answer has no new one
   * @throws CliException if the answer has no readable ID token
   */
  static OidcTokens of(JsonObject answer, Optional<String> formerRefreshToken) {
    String idToken = Json.text(answer, "id_token");
    String[] parts = idToken.split("\\.", -1);
    try {
      JsonObject claims =
          JsonParser.parseString(
                  new String(
                      Base64.getUrlDecoder().decode(parts.length == 3 ? parts[1] : ""),
                      StandardCharsets.UTF_8))
              .getAsJsonObject();
      String email = Json.text(claims, "email");
      return new OidcTokens(
          idToken,
          Optional.of(Json.text(answer, "refresh_token"))
              .filter(token -> !token.isEmpty())
              .or(() -> formerRefreshToken),
          Instant.ofEpochSecond(Json.number(claims, "exp")),
          email.isEmpty() ? Json.text(claims, "sub") : email);
    } catch (IllegalArgumentException | IllegalStateException | JsonParseException e) {
      throw new CliException.Failed(
          "the provider sent no ID token: is openid in --scopes, and is the client allowed to use it?");
    }
  }

  /** Without the tokens. */
  @Override
  public String toString() {
    return user + " until " + expiresAt;
  }
}
