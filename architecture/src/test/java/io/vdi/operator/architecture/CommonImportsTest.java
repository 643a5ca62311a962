package io.vdi.operator.architecture;

import org.junit.jupiter.api.Test;

class CommonImportsTest {
  @Test
  void packagesImportOnlyWhatTheyMay() {
    ImportRules.of("io.vdi.operator.common")
        .allowPure(
            "model",
            "values that every module shares",
            "com.google.gson",
            "io.kubernetes.client",
            "java.security")
        .allowPure("quota", "limits and what is used of them", "common.model")
        .allowPure("diagnosis", "known causes of failures", "common.model")
        .allow(
            "kube",
            "the Kubernetes client",
            "common.model",
            "com.google.gson",
            "io.kubernetes.client",
            "okhttp3",
            "org.slf4j",
            "java.io",
            "java.nio",
            "java.sql")
        .check();
  }
}
