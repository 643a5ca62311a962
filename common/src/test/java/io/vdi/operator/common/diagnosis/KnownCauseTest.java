package io.vdi.operator.common.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** See also TroubleshootingTest. */
class KnownCauseTest {
  @ParameterizedTest
  @EnumSource(KnownCause.class)
  void theFirstDigitOfACodeIsItsLayer(KnownCause cause) {
    assertThat(cause.code()).matches("VDI[123][0-9]{2}");
    assertThat(cause.layer())
        .isEqualTo(
            switch (cause.code().charAt(3)) {
              case '1' -> Layer.CONTROL_PLANE;
              case '2' -> Layer.INFRASTRUCTURE;
              default -> Layer.DATA_PLANE;
            });
  }

  @ParameterizedTest
  @CsvSource({
    "'waits [VDI201]', VDI201",
    "'waits [VDI201] [VDI202]', VDI202",
    "'[VDI201]', VDI201",
    "'waits [VDI201] ',",
    "'waits [VDI201].',",
    "'waits [vdi201]',",
    "'waits VDI201',",
    "'waits [VDI999]',",
    "'waits [VDI2010]',",
    "'',"
  })
  void theCauseOfAMessageIsTheTagAtItsEnd(String message, String code) {
    assertThat(KnownCause.ofTag(message).map(KnownCause::code))
        .isEqualTo(Optional.ofNullable(code));
  }

  @Test
  void aCodeIsReadOnlyAsAWhole() {
    assertThat(List.of("VDI201", "vdi201", "201", "VDI201 ", "[VDI201]", "VDI2", ""))
        .filteredOn(text -> KnownCause.ofCode(text).isPresent())
        .containsExactly("VDI201", "vdi201");
  }

  @Test
  void aPlaceholderWithoutAValueStaysToBeFilledIn() {
    assertThat(KnownCause.VOLUME_NOT_PROVISIONED.command(Map.of("session", "desk", "other", "x")))
        .isEqualTo("kubectl -n <namespace> describe pvc vdi-data-desk");
    assertThat(KnownCause.ROUTE_ENTRY_POINT.command(Map.of("operator", "vdi")))
        .as("braces that are no placeholder")
        .endsWith("-n vdi --reuse-values --set config.ingress.entryPoints={websecure}");
  }
}
