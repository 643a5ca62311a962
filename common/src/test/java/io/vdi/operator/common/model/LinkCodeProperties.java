package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Size;

/** See also ShareTest. */
class LinkCodeProperties {
  private static final String SECRET = "A".repeat(43);

  @Provide
  Arbitrary<String> uids() {
    return Arbitraries.strings()
        .withCharRange('a', 'f')
        .numeric()
        .withChars('-')
        .ofMinLength(1)
        .ofMaxLength(64);
  }

  @Property
  void aNewCodeIsReadAndStandsForItsSession(
      @ForAll("uids") String uid, @ForAll @Size(LinkCode.SECRET_BYTES) byte[] secret) {
    LinkCode code = LinkCode.of(uid, secret);
    LinkCode read = LinkCode.parse(code.text()).orElseThrow();
    assertThat(read.sessionUid()).isEqualTo(uid);
    assertThat(read.user()).isEqualTo(code.user());
    assertThat(LinkCode.isUser(code.user())).as(code.user()).isTrue();
    assertThat(code.user()).doesNotContain(code.text());
    assertThat(code.text()).as("needs no escape in a fragment").matches("[A-Za-z0-9._-]+");
  }

  /** The hash is that of the text, so that a copied share is of no use in another session. */
  @Example
  void theUserIsTheHashOfTheWholeCode() {
    // printf %s uid-1.AAA… | openssl dgst -sha256 -binary | basenc --base64url
    assertThat(LinkCode.parse("uid-1." + SECRET).orElseThrow().user())
        .isEqualTo("link:dsE0ZdLa0zPEbdPKijWRiIgO5p2Mcvt9OdGdDDcFlpk");
    assertThat(LinkCode.of("uid-1", new byte[LinkCode.SECRET_BYTES]).text())
        .isEqualTo("uid-1." + SECRET);
  }

  @Example
  void aCodeForNoUidOrATooLongOneIsNone() {
    assertThat(LinkCode.parse("u".repeat(64) + "." + SECRET)).isPresent();
    for (String uid : List.of("", "u".repeat(65), "uid.1", "uid_1", "\u00FCid", "uid\n")) {
      assertThat(LinkCode.parse(uid + "." + SECRET)).as(uid).isEmpty();
    }
  }

  /** U+212A becomes k in lower case. */
  @Example
  void whatBecomesTheUserOfALinkInLowerCaseIsReserved() {
    assertThat(List.of("link:x", "LINK:x", "lin\u212A:x", "link", "xlink:x", " link:x", ""))
        .filteredOn(LinkCode::isReserved)
        .containsExactly("link:x", "LINK:x", "lin\u212A:x");
  }
}
