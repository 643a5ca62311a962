package io.vdi.operator.controller.session.apply;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.controller.session.plan.TurnGrant;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Base64;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecretGeneratorTest {
  private static final Instant EXPIRES = Instant.parse("2026-01-01T20:30:00Z");

  private final SecretGenerator secrets = new SecretGenerator(new SecureRandom());

  @TempDir private Path directory;

  @Test
  void aPasswordHas32LettersAndDigitsAndIsNeverTheSame() throws Exception {
    Set<String> passwords = new HashSet<>();
    for (int i = 0; i < 1000; i++) {
      JsonObject values = secrets.values("uid", Optional.empty());
      assertThat(values.keySet()).containsExactly("password", "viewer-password");
      passwords.add(values.get("password").getAsString());
      passwords.add(values.get("viewer-password").getAsString());
    }
    assertThat(passwords).hasSize(2000).allMatch(p -> p.matches("[A-Za-z0-9]{32}"));
  }

  @Test
  void turnCredentialsHaveTheFormatOfCoturn() throws Exception {
    Path file = Files.writeString(directory.resolve("turn"), " shared-secret\n");
    JsonObject values =
        secrets.values("uid-1", Optional.of(new TurnGrant(file.toString(), EXPIRES, EXPIRES)));
    assertThat(values.keySet())
        .containsExactlyInAnyOrder("password", "viewer-password", "turn-username", "turn-password");
    String username = EXPIRES.getEpochSecond() + ":uid-1";
    assertThat(values.get("turn-username").getAsString()).isEqualTo(username);
    Mac mac = Mac.getInstance("HmacSHA1");
    mac.init(new SecretKeySpec("shared-secret".getBytes(StandardCharsets.UTF_8), "HmacSHA1"));
    assertThat(values.get("turn-password").getAsString())
        .isEqualTo(
            Base64.getEncoder()
                .encodeToString(mac.doFinal(username.getBytes(StandardCharsets.UTF_8))));
  }

  @Test
  void theSharedSecretIsReadAgainForEachSession() throws Exception {
    Path file = Files.writeString(directory.resolve("turn"), "first");
    TurnGrant grant = new TurnGrant(file.toString(), EXPIRES, EXPIRES);
    JsonObject before = SecretGenerator.turnCredentials("uid", grant);
    Files.writeString(file, "second");
    assertThat(SecretGenerator.turnCredentials("uid", grant)).isNotEqualTo(before);
  }

  @Test
  void aMissingFileIsAPermanentFailureThatNamesTheFile() {
    assertFailure(directory.resolve("absent"), "cannot be read");
  }

  @Test
  void anEmptyFileIsAPermanentFailureThatNamesTheFile() throws IOException {
    assertFailure(Files.writeString(directory.resolve("empty"), " \n"), "is empty");
  }

  private void assertFailure(Path file, String problem) {
    TurnGrant grant = new TurnGrant(file.toString(), EXPIRES, EXPIRES);
    assertThatThrownBy(() -> secrets.values("uid", Optional.of(grant)))
        .isInstanceOfSatisfying(
            SecretGenerator.TurnSecretMissingException.class,
            e ->
                assertThat(e.failure())
                    .isEqualTo(
                        new ApiFailure.Permanent(
                            "TurnSecretMissing", "turn.secretFile " + file + " " + problem)));
  }
}
