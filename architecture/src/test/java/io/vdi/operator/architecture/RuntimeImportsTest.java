package io.vdi.operator.architecture;

import org.junit.jupiter.api.Test;

class RuntimeImportsTest {
  @Test
  void packagesImportOnlyWhatTheyMay() {
    ImportRules.of("io.vdi.operator.runtime")
        .allow(
            "",
            "the life of a service: it puts the other packages and Helidon's server together",
            "common.kube",
            "common.model",
            "common.thread",
            "runtime.config",
            "runtime.leader",
            "runtime.schedule",
            "ch.qos.logback",
            "com.google.gson",
            "io.helidon",
            "org.slf4j",
            "org.yaml.snakeyaml",
            "java.io",
            "java.net")
        .allow(
            "config",
            "configuration from the jar, a file and the environment; it sets log levels",
            "common.identity",
            "common.model",
            "common.quota",
            "common.usage",
            "runtime.schedule",
            "ch.qos.logback.classic",
            "com.google.gson",
            "io.helidon.config",
            "org.slf4j",
            "java.io",
            "java.nio.file")
        .allow(
            "leader",
            "one Lease of the cluster, and the settings for it",
            "common.kube",
            "common.model",
            "runtime.config",
            "com.google.gson",
            "org.slf4j",
            "java.net")
        .allow("schedule", "tasks that repeat; it knows no service", "common.thread", "org.slf4j")
        .allow(
            "tls",
            "connections to servers with certificates of a private CA",
            "java.io",
            "java.nio.file",
            "java.security",
            "javax.net.ssl")
        .allow(
            "webhook",
            "events for receivers outside of the cluster; it knows no service",
            "runtime.tls",
            "com.google.gson",
            "java.io",
            "java.nio.file",
            "okhttp3")
        .allow(
            "workqueue",
            "keys and workers; it knows nothing of Kubernetes",
            "common.thread",
            "org.slf4j")
        .check();
  }
}
