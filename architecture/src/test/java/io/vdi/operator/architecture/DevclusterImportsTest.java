package io.vdi.operator.architecture;

import org.junit.jupiter.api.Test;

class DevclusterImportsTest {
  @Test
  void packagesImportOnlyWhatTheyMay() {
    ImportRules.of("io.vdi.operator.devcluster")
        .allow("process", "programs that run on this machine", "java.io", "java.nio", "java.net")
        .allow(
            "build",
            "programs are built and kept in a cache",
            "common.model",
            "devcluster.process",
            "com.google.gson",
            "java.io",
            "java.net",
            "java.nio",
            "java.security")
        .allow(
            "cluster",
            "a cluster of processes and its certificates",
            "common.kube",
            "common.model",
            "devcluster.build",
            "devcluster.process",
            "com.google.gson",
            "java.io",
            "java.net",
            "java.nio",
            "java.security",
            "javax.net.ssl",
            "javax.security.auth.x500",
            "org.bouncycastle",
            "org.yaml.snakeyaml")
        .allow(
            "addons",
            "what users install beside the operator",
            "common.kube",
            "common.model",
            "devcluster.build",
            "devcluster.cluster",
            "devcluster.process",
            "runtime.schedule",
            "com.google.gson",
            "io.kubernetes.client.custom",
            "io.kubernetes.client.openapi.models",
            "java.io",
            "java.net",
            "java.nio",
            "java.security")
        .allow(
            "operator",
            "the operator as a chart and as processes",
            "common.kube",
            "common.model",
            "devcluster.addons",
            "devcluster.build",
            "devcluster.cluster",
            "devcluster.process",
            "com.google.gson",
            "java.io",
            "java.net",
            "java.nio",
            "java.security")
        .allow(
            "testing",
            "the JUnit extension, sessions and services under test",
            "common.kube",
            "common.model",
            "devcluster.build",
            "devcluster.cluster",
            "devcluster.operator",
            "devcluster.process",
            "runtime",
            "runtime.config",
            "runtime.leader",
            "runtime.schedule",
            "com.google.gson",
            "com.sun.net.httpserver",
            "java.security",
            "javax.net.ssl",
            "java.io",
            "java.net",
            "java.nio",
            "org.awaitility",
            "org.junit.jupiter.api.extension",
            "org.testcontainers")
        .allow(
            "",
            "the commands behind make",
            "devcluster.build",
            "devcluster.cluster",
            "devcluster.operator",
            "devcluster.process",
            "java.io",
            "java.nio")
        .check();
  }
}
