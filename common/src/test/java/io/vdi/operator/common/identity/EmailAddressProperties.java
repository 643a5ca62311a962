package io.vdi.operator.common.identity;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class EmailAddressProperties {
  private static final Pattern SCHEMA = Pattern.compile("\\S+@\\S+\\.\\S+");

  /** Short, and of the characters that matter. */
  @Provide
  Arbitrary<String> texts() {
    return Arbitraries.of(
            "a", "@", ".", "@", ".", " ", "\t", "\n", "\u00A0", "\u00FC", "\uD83D\uDE00")
        .list()
        .ofMaxSize(8)
        .map(characters -> String.join("", characters));
  }

  @Property(tries = 20_000)
  void anAddressIsWhatThePatternOfTheSchemaMatches(@ForAll("texts") String text) {
    assertThat(EmailAddress.isValid(text))
        .as("\"%s\"", text)
        .isEqualTo(SCHEMA.matcher(text).matches());
  }

  @Example
  void theShortestAndTheLongestAddress() {
    assertThat(List.of("a@b.c", "@b.c", "a@.c", "a@b.", "a@b", "ab.c", "a.b@c", "a@@.c", ""))
        .filteredOn(EmailAddress::isValid)
        .containsExactly("a@b.c", "a@@.c");
    String domain = "@example.com";
    assertThat(EmailAddress.isValid("x".repeat(254 - domain.length()) + domain)).isTrue();
    assertThat(EmailAddress.isValid("x".repeat(255 - domain.length()) + domain)).isFalse();
  }

  /** The API server counts characters; Java has two units for some. */
  @Example
  void theLengthIsThatOfTheApiServer() {
    String domain = "@example.com";
    assertThat(EmailAddress.isValid("\uD83D\uDE00".repeat(254 - domain.length()) + domain))
        .isTrue();
    assertThat(EmailAddress.isValid("\uD83D\uDE00".repeat(255 - domain.length()) + domain))
        .isFalse();
  }

  @Property
  void theKeyOfAKeyIsTheKey(@ForAll String text) {
    String key = EmailAddress.key(text);
    assertThat(EmailAddress.key(key)).isEqualTo(key);
  }

  @Example
  void lettersHaveTheSameKeyOnlyIfBothCasesAreTheSame() {
    Map<String, Set<List<Integer>>> casesOf =
        IntStream.rangeClosed(0, Character.MAX_CODE_POINT)
            .boxed()
            .collect(
                Collectors.groupingBy(
                    c -> EmailAddress.key(Character.toString(c)),
                    Collectors.mapping(
                        c -> List.of(Character.toLowerCase(c), Character.toUpperCase(c)),
                        Collectors.toSet())));
    assertThat(casesOf).as("cases by key").allSatisfy((key, cases) -> assertThat(cases).hasSize(1));
  }

  /** The first three have letters that become k, s and i in one of the cases. */
  @Example
  void otherLettersAreOtherAddresses() {
    assertThat(
            Stream.of(
                    "\u212Aim@x.org",
                    "ki\u017F@x.org",
                    "k\u0131m@x.org",
                    "k\u0130m@x.org",
                    "Kim@X.org",
                    "KIM@x.ORG",
                    "M\u00DCLLER@x.org",
                    "m\u00FCller@x.org")
                .map(EmailAddress::key))
        .containsExactly(
            "\u212Aim@x.org",
            "ki\u017F@x.org",
            "k\u0131m@x.org",
            "k\u0130m@x.org",
            "kim@x.org",
            "kim@x.org",
            "m\u00FCller@x.org",
            "m\u00FCller@x.org");
  }
}
