package io.vdi.operator.e2e.doctor;

import io.vdi.operator.common.diagnosis.KnownCause;
import org.junit.jupiter.api.Test;

/** The volumes of homes. */
abstract class StorageFaults {
  private final DoctorHarness harness;

  StorageFaults(DoctorHarness harness) {
    this.harness = harness;
  }

  @Test
  void storageClassMissing() {
    harness.doctor("no-class").awaitCause(KnownCause.STORAGE_CLASS_MISSING);
  }

  @Test
  void volumeNotProvisioned() {
    harness.doctor("no-volume").awaitCause(KnownCause.VOLUME_NOT_PROVISIONED);
  }

  @Test
  void volumeNotMounted() {
    harness.doctor("no-mount").awaitCause(KnownCause.VOLUME_NOT_MOUNTED);
  }

  @Test
  void homeNotWritable() {
    harness.doctor("home").awaitCause(KnownCause.HOME_NOT_WRITABLE);
  }

  @Test
  void homeNotWritableFoundByProbe() {
    harness.doctor("home").withProbe().awaitCause(KnownCause.HOME_NOT_WRITABLE);
  }
}
