package io.vdi.operator.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Label;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.Chars;
import net.jqwik.api.constraints.StringLength;

class ConfigLoaderProperties {
  @Property
  @Label("no Service name produces a variable with the prefix of settings")
  void prefixIsOutsideOfServiceLinks(
      @ForAll
          @StringLength(max = 62)
          @CharRange(from = 'a', to = 'z')
          @CharRange(from = '0', to = '9')
          @Chars('-')
          String rest) {
    assertThat(ConfigLoaderTest.serviceLinks("v" + rest).keySet())
        .allMatch(name -> name.matches("[A-Z0-9_]+"))
        .noneMatch(name -> name.startsWith(ConfigLoader.variable("")));
  }
}
