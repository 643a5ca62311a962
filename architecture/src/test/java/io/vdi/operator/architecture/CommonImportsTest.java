package io.vdi.operator.architecture;

import org.junit.jupiter.api.Test;

class CommonImportsTest {
  @Test
  void packagesImportOnlyWhatTheyMay() {
    ImportRules.of("io.vdi.operator.common")
        .allowPure(
            "model",
            "values that every module uses; the informers need the client's marker interfaces; a share"
                + " is for an e-mail address",
            "common.identity",
            "com.google.gson",
            "io.kubernetes.client",
            "java.security")
        .allowPure(
            "quota",
            "limits and usage; the kubectl plugin parses limits without the runtime",
            "common.diagnosis",
            "common.identity",
            "common.model",
            "com.google.gson")
        .allowPure(
            "usage",
            "sums of use and budgets, for the services",
            "common.identity",
            "common.model",
            "com.google.gson")
        .allowPure(
            "pod",
            "how a template shapes the pod, for the controller and the webhook",
            "common.model",
            "com.google.gson")
        .allowPure("identity", "who a user is and who is an admin, for every service")
        .allowPure("diagnosis", "the catalogue of known causes", "common.model")
        .allowPure("notice", "what users are told, for the reaper and the gate", "common.model")
        .allow("thread", "what happens when a long-lived thread dies", "org.slf4j")
        .allow(
            "kube",
            "the only package that calls the API server; it knows no service",
            "common.model",
            "common.thread",
            "com.google.gson",
            "io.kubernetes.client",
            "okhttp3",
            "org.slf4j",
            "java.io",
            "java.net",
            "java.nio",
            "java.security",
            "java.sql",
            "javax.net.ssl")
        .check();
  }
}
