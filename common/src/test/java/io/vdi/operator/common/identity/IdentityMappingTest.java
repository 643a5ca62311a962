package io.vdi.operator.common.identity;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class IdentityMappingTest {
  private static final IdentityMapping PLAIN = new IdentityMapping(Map.of(), "", "");

  @Test
  @DisplayName("without settings the user name is the e-mail address")
  void plain() {
    assertThat(PLAIN.userNames("alice@example.com")).containsExactly("alice@example.com");
    assertThat(PLAIN.email("alice@example.com", Map.of())).isEqualTo("alice@example.com");
  }

  @Test
  @DisplayName("user names are case-sensitive: the lower-case one is bound as well")
  void upperCase() {
    assertThat(PLAIN.userNames("Alice@Example.com"))
        .containsExactly("Alice@Example.com", "alice@example.com");
    // U+212A becomes k in lower case, and is another letter.
    assertThat(PLAIN.userNames("\u212Aim@example.com")).containsExactly("\u212Aim@example.com");
  }

  @Test
  @DisplayName("mapped users come first, then the prefix with the e-mail address")
  void mappedAndPrefix() {
    IdentityMapping mapping =
        new IdentityMapping(
            Map.of("alice", "Alice@example.com", "al", "alice@example.com", "bob", "bob@x.org"),
            "",
            "oidc:");
    assertThat(mapping.userNames("alice@example.com"))
        .containsExactly("al", "alice", "oidc:alice@example.com");
  }

  @Test
  @DisplayName("a name that is mapped to another e-mail address is not bound")
  void mappedToAnother() {
    IdentityMapping mapping =
        new IdentityMapping(Map.of("oidc:alice@example.com", "bob@example.com"), "", "oidc:");
    assertThat(mapping.userNames("alice@example.com")).isEmpty();
    assertThat(mapping.userNames("bob@example.com"))
        .containsExactly("oidc:alice@example.com", "oidc:bob@example.com");
  }

  @Test
  @DisplayName("with an extra key, a user name does not determine the e-mail address")
  void extraKey() {
    IdentityMapping mapping =
        new IdentityMapping(Map.of("carol", "carol@example.com"), "email", "oidc:");
    assertThat(mapping.userNames("alice@example.com")).isEmpty();
    assertThat(mapping.userNames("carol@example.com")).containsExactly("carol");
    assertThat(mapping.email("u-1", Map.of("email", List.of("alice@example.com"))))
        .isEqualTo("alice@example.com");
  }

  @Test
  @DisplayName("service accounts and accounts of Kubernetes are never bound")
  void systemNames() {
    IdentityMapping mapping =
        new IdentityMapping(
            Map.of("system:serviceaccount:team:bot", "bot@example.com"), "", "system:");
    assertThat(mapping.userNames("bot@example.com")).isEmpty();
    assertThat(PLAIN.userNames("system:serviceaccount:a@b.c")).isEmpty();
  }

  @Provide
  Arbitrary<String> names() {
    return Arbitraries.of(
        "alice",
        "oidc:",
        "oidc:alice@example.com",
        "oidc:oidc:bob@example.com",
        "alice@example.com",
        "ALICE@example.com",
        "bob@example.com",
        "\u212Aim@example.com",
        "kim@example.com",
        "system:admin@example.com",
        "odd \u0000\n\"name@example.com");
  }

  @Provide
  Arbitrary<IdentityMapping> mappings() {
    return Combinators.combine(
            Arbitraries.maps(names(), names()).ofMaxSize(4),
            Arbitraries.of("", "email"),
            Arbitraries.of("", "oidc:", "oidc:oidc:", "system:", "a"))
        .as(IdentityMapping::new);
  }

  /** Nobody reads the Secret of a session that the admission webhook would call another's. */
  @Property(tries = 5000)
  void everyUserThatIsBoundHasThisEmail(
      @ForAll("mappings") IdentityMapping mapping, @ForAll("names") String email) {
    assertThat(mapping.userNames(email))
        .doesNotHaveDuplicates()
        .allMatch(name -> IdentityMapping.isSame(mapping.email(name, Map.of()), email))
        .noneMatch(name -> name.startsWith("system:"));
  }

  /** The order of {@code identity.users} changes with every start of the process. */
  @Property(tries = 500)
  void theOrderOfTheNamesIsFixed(
      @ForAll("mappings") IdentityMapping mapping, @ForAll("names") String email) {
    IdentityMapping copy =
        new IdentityMapping(
            new java.util.TreeMap<>(mapping.emails()), mapping.extraKey(), mapping.prefix());
    assertThat(copy.userNames(email)).isEqualTo(mapping.userNames(email));
  }
}
