package io.vdi.operator.gate.api.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UserNamespacesTest {
  private static final String LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";

  private static UserNamespaces parse(String pattern) {
    return UserNamespaces.parse(pattern).orElseThrow();
  }

  @Test
  void namesOfOneUser() {
    assertThat(parse("desktops").candidates("alice@example.com")).containsExactly("desktops");
    List<String> names = parse("vdi-{user}").candidates("Alice.B@Example.com");
    assertThat(names.getFirst()).isEqualTo("vdi-alice-b-example-com");
    assertThat(names.getLast()).matches("vdi-alice-b-example-com-[0-9a-f]{8}");
    assertThat(parse("{user}-vdi").candidates("a@b.c").getFirst()).isEqualTo("a-b-c-vdi");
  }

  @Test
  void usersOfTheSameNameDifferInTheSecondOne() {
    List<String> dot = parse("vdi-{user}").candidates("a.b@c.de");
    List<String> dash = parse("vdi-{user}").candidates("a-b@c.de");
    assertThat(dot.getFirst()).isEqualTo(dash.getFirst());
    assertThat(dot.getLast()).isNotEqualTo(dash.getLast());
    assertThat(parse("vdi-{user}").candidates("A.B@c.de")).isEqualTo(dot);
  }

  @Property(tries = 300)
  void everyNameIsLegal(@ForAll @StringLength(max = 254) String email) {
    for (String pattern : List.of("vdi-{user}", "v{user}", "desktops-of-{user}-in-the-cluster")) {
      assertThat(parse(pattern).candidates(email + "@x.y")).allMatch(name -> name.matches(LABEL));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "Desktops",
        "vdi_{user}",
        "-{user}",
        "{user}-{user}",
        "{name}",
        "a-very-long-pattern-that-leaves-no-room-{user}"
      })
  void refusesPatterns(String text) {
    assertThat(UserNamespaces.parse(text)).isEmpty();
  }
}
