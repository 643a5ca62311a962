package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** docs/specification.md, section 2. */
class HostNamesTest {
  @ParameterizedTest
  @CsvSource({
    "alice@example.com, alice",
    "Alice.Smith+X@example.com, alice-smith-x",
    "O'Brien@example.com, o-brien",
    "jörg@example.com, j-rg",
    "+@example.com, user",
    "@example.com, user",
    "alice, alice",
    "a@b@example.com, a-b",
    "-alice-@example.com, alice",
    "xn--bcher-kva@example.com, xn-bcher-kva",
    "ab---cd@example.com, ab-cd",
    "a.+b--c@example.com, a--b--c",
    "abc--d@example.com, abc--d",
  })
  @DisplayName("the host of a first session is the local part of the e-mail as a DNS label")
  void preferred(String email, String host) {
    assertThat(HostNames.preferred(email.replace("\"", ""))).isEqualTo(host);
  }

  @Test
  @DisplayName("a host has at most 63 characters and no hyphen at its end")
  void longHosts() {
    assertThat(HostNames.preferred("a".repeat(100) + "@example.com")).isEqualTo("a".repeat(63));
    assertThat(HostNames.preferred("a".repeat(62) + ".b@example.com")).isEqualTo("a".repeat(62));
  }

  @Test
  @DisplayName("the host of a later session adds a hash of namespace and name")
  void distinct() {
    String host = HostNames.distinct("alice@example.com", "team", "desk", 8);
    assertThat(host).isEqualTo("alice-" + Hashes.sha256("team/desk", 8));
    assertThat(HostNames.distinct("alice@example.com", "team", "desk2", 8)).isNotEqualTo(host);
    assertThat(HostNames.distinct("alice@example.com", "team2", "desk", 8)).isNotEqualTo(host);
    assertThat(HostNames.distinct("a".repeat(100) + "@example.com", "team", "desk", 10))
        .hasSize(63)
        .startsWith("a".repeat(52) + "-");
  }
}
