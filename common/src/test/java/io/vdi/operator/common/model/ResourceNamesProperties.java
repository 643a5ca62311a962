package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class ResourceNamesProperties {
  private static final String SUBDOMAIN =
      "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";

  /** As the API server accepts them for a template: DNS subdomains, many of them too long. */
  @Provide
  Arbitrary<String> templates() {
    return Arbitraries.strings()
        .withCharRange('a', 'c')
        .withChars('0', '-', '.')
        .ofMinLength(1)
        .ofMaxLength(253)
        .edgeCases(edges -> edges.add("a".repeat(249), "a".repeat(250), "a.b".repeat(84)))
        .map(text -> text.replaceAll("[-.]*\\.[-.]*", ".").replaceAll("^[-.]+|[-.]+$", "a"));
  }

  @Property
  void aNetworkPolicyHasALegalNameForEveryTemplate(@ForAll("templates") String template) {
    assertThat(ResourceNames.networkPolicy(template))
        .as(template)
        .hasSizeLessThanOrEqualTo(253)
        .startsWith("vdi-" + template.substring(0, Math.min(template.length(), 240)))
        .matches(SUBDOMAIN);
  }

  @Example
  void longTemplatesThatDifferHaveDifferentPolicies() {
    String longest = "t".repeat(249);
    assertThat(ResourceNames.networkPolicy(longest)).isEqualTo("vdi-" + longest);
    assertThat(ResourceNames.networkPolicy(longest + "1"))
        .isNotEqualTo(ResourceNames.networkPolicy(longest + "2"))
        .hasSize(253);
    // The cut is behind a dot or a hyphen, after which a name cannot end.
    for (String cut : new String[] {".", "-"}) {
      assertThat(ResourceNames.networkPolicy("t".repeat(239) + cut + "t".repeat(13)))
          .matches(SUBDOMAIN);
    }
  }
}
