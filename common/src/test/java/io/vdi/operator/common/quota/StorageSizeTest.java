package io.vdi.operator.common.quota;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StorageSizeTest {
  @ParameterizedTest
  @DisplayName("sizes are exact, in the shortest unit")
  @CsvSource({
    "40Gi, 42949672960, 40Gi",
    "1024Mi, 1073741824, 1Gi",
    "1.5Gi, 1610612736, 1536Mi",
    "500M, 500000000, 500M",
    "1T, 1000000000000, 1T",
    "1001, 1001, 1001",
    "100m, 1, 1",
    "0, 0, 0",
    "many, 0, 0"
  })
  void sizes(String quantity, long bytes, String text) {
    assertThat(StorageSize.bytes(quantity)).isEqualTo(bytes);
    assertThat(StorageSize.format(bytes)).isEqualTo(text);
  }

  @Test
  @DisplayName("sums of enormous sizes do not become small")
  void enormous() {
    long most = StorageSize.bytes("9999999Ei");
    assertThat(most).isEqualTo(Long.MAX_VALUE - 1);
    ResourceAmounts amount = ResourceAmounts.ZERO.withStorage(most);
    assertThat(amount.plus(amount).storage()).isEqualTo(Long.MAX_VALUE);
  }

  @ParameterizedTest
  @DisplayName("a claim counts with the larger of request and capacity")
  @CsvSource({"10Gi, 20Gi, 20", "20Gi, 10Gi, 20", "20Gi, '', 20"})
  void claims(String request, String capacity, long gib) {
    PersistentVolumeClaim claim =
        KubeGson.gson()
            .fromJson(
                "{spec: {resources: {requests: {storage: '%s'}}}, status: {capacity: {storage: '%s'}}}"
                    .formatted(request, capacity),
                PersistentVolumeClaim.class);
    assertThat(StorageSize.bytes(claim)).isEqualTo(gib << 30);
  }
}
