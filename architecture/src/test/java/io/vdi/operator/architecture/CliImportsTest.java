package io.vdi.operator.architecture;

import org.junit.jupiter.api.Test;

class CliImportsTest {
  @Test
  void packagesImportOnlyWhatTheyMay() {
    ImportRules.of("io.vdi.operator.cli")
        .allow(
            "",
            "the command line and the list of commands",
            "cli.cluster",
            "cli.commands",
            "cli.output",
            "picocli",
            "java.io")
        .allow(
            "commands",
            "one class per command, which prints what the cluster or the doctor returns; share checks an"
                + " e-mail address and makes the secret of a link, usage sums like the gate",
            "cli.cluster",
            "cli.doctor",
            "cli.output",
            "cli.signin",
            "common.identity",
            "common.diagnosis",
            "common.kube",
            "common.model",
            "common.quota",
            "common.usage",
            "com.google.gson",
            "picocli",
            "java.io",
            "java.nio.file",
            "java.security")
        .allow(
            "doctor",
            "the checks, over HTTP, UDP and the API server; it may be used without the command line",
            "cli.cluster",
            "cli.output",
            "common.diagnosis",
            "common.kube",
            "common.model",
            "com.google.gson",
            "io.kubernetes.client",
            "okhttp3",
            "okio",
            "org.yaml.snakeyaml",
            "java.io",
            "java.net",
            "java.nio.file",
            "java.security",
            "javax.net.ssl",
            "javax.xml.stream")
        .allow(
            "signin",
            "the sign-in of the user at the provider; it prints nothing",
            "cli.cluster",
            "common.model",
            "com.google.gson",
            "io.kubernetes.client",
            "okhttp3",
            "java.io",
            "java.net",
            "java.nio.channels",
            "java.nio.file")
        .allow(
            "cluster",
            "requests with the permissions of the user; it prints nothing",
            "common.kube",
            "common.model",
            "com.google.gson",
            "io.kubernetes.client",
            "org.yaml.snakeyaml",
            "java.io",
            "java.net",
            "java.nio.file")
        .allow(
            "output",
            "text for terminals and programs; it sends no requests",
            "common.kube",
            "com.google.gson",
            "org.yaml.snakeyaml",
            "java.io")
        .check();
  }
}
