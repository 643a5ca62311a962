package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.KubeGson;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** See also DesktopServerTest and CrdAgreementTest. */
class FlavorTest {
  @ParameterizedTest
  @ValueSource(strings = {"Selkies", "selkies ", "kasm", ""})
  void otherSpellingsAreNoFlavor(String text) {
    assertThat(Flavor.of(text)).as("of").isEmpty();
    assertThat(KubeGson.gson().fromJson("\"" + text + "\"", Flavor.class)).as("in JSON").isNull();
  }
}
