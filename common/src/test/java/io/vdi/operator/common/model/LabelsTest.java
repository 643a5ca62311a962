package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LabelsTest {
  @Test
  @DisplayName("every object of a session has four labels")
  void ofSession() {
    assertThat(Labels.ofSession("desk", "Alice@Example.com"))
        .containsExactly(
            Map.entry("app.kubernetes.io/name", "vdi-session"),
            Map.entry("app.kubernetes.io/instance", "desk"),
            Map.entry("app.kubernetes.io/managed-by", "vdi-operator"),
            Map.entry("vdi.kasm.io/user", "alice-example.com"));
    assertThat(Labels.MANAGED_SELECTOR).isEqualTo("app.kubernetes.io/managed-by=vdi-operator");
  }

  @ParameterizedTest
  @CsvSource({
    "alice@example.com, alice-example.com",
    "Alice.Smith+x@Example.com, alice.smith-x-example.com",
    "_alice_@example.com, alice_-example.com",
    "jörg@example.com, j-rg-example.com",
    "a@b-, a-b",
  })
  @DisplayName("an e-mail becomes a legal value that still can be read")
  void valueOf(String email, String value) {
    assertThat(Labels.valueOf(email)).isEqualTo(value);
  }

  @Test
  @DisplayName("a value of 63 characters stays, a longer one is cut and gets a hash")
  void longValues() {
    String fits = "a".repeat(51) + "@example.com";
    assertThat(Labels.valueOf(fits)).hasSize(63).isEqualTo("a".repeat(51) + "-example.com");
    String longer = "a".repeat(52) + "@example.com";
    assertThat(Labels.valueOf(longer))
        .hasSize(63)
        .startsWith("a".repeat(52) + "-e-")
        .endsWith(Hashes.sha256(longer, 8));
  }

  @Test
  @DisplayName("an e-mail without any legal character is a hash")
  void noLegalCharacter() {
    assertThat(Labels.valueOf("@")).isEqualTo(Hashes.sha256("@", 8)).matches("[0-9a-f]{8}");
  }

  @Test
  @DisplayName("trim removes only the given characters, and only at the ends")
  void trim() {
    assertThat(Labels.trim("-.a-b.-", "-.")).isEqualTo("a-b");
    assertThat(Labels.trim("---", "-")).isEmpty();
    assertThat(Labels.trim("", "-")).isEmpty();
  }

  @Test
  @DisplayName("a hash is the start of the SHA-256 in hex")
  void hash() {
    assertThat(Hashes.sha256("abc", 8)).isEqualTo("ba7816bf");
    assertThat(Hashes.sha256("abc", 64)).hasSize(64).startsWith("ba7816bf");
    assertThat(Hashes.sha256("ü", 8)).as("of the text in UTF-8").isEqualTo("607474ca");
  }
}
