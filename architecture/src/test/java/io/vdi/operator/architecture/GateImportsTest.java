package io.vdi.operator.architecture;

import org.junit.jupiter.api.Test;

class GateImportsTest {
  @Test
  void packagesImportOnlyWhatTheyMay() {
    ImportRules.of("io.vdi.operator.gate")
        .allow(
            "",
            "wires the service and its settings",
            "common.identity",
            "common.kube",
            "common.model",
            "gate.api",
            "gate.api.cluster",
            "gate.api.rest",
            "gate.audit",
            "gate.desktop",
            "gate.forward",
            "gate.http",
            "gate.keys",
            "gate.portal",
            "gate.revocation",
            "gate.signin",
            "gate.ticket",
            "runtime",
            "runtime.config",
            "runtime.leader",
            "runtime.schedule",
            "com.google.gson",
            "com.nimbusds.jose.jwk",
            "io.helidon",
            "java.io",
            "java.net",
            "java.nio.file",
            "okhttp3",
            "org.slf4j")
        .allow(
            "audit",
            "what users did, in the log and for a webhook",
            "common.model",
            "runtime.webhook",
            "com.google.gson",
            "java.nio.file",
            "okhttp3",
            "org.slf4j")
        .allow(
            "api",
            "the contract of what a user can do with desktops: values and interfaces",
            "common.diagnosis",
            "common.model",
            "common.notice",
            "common.quota",
            "common.usage",
            "java.net")
        .allow(
            "api.cluster",
            "the desktops of a cluster: reads from watches, writes in the name of the user",
            "common.diagnosis",
            "common.identity",
            "common.kube",
            "common.model",
            "common.notice",
            "common.quota",
            "common.usage",
            "gate.api",
            "gate.audit",
            "gate.desktop",
            "com.google.gson",
            "java.security",
            "org.slf4j")
        .allow(
            "api.rest",
            "HTTP and JSON around the contract",
            "common.diagnosis",
            "common.model",
            "common.quota",
            "common.usage",
            "gate.api",
            "gate.http",
            "gate.revocation",
            "gate.signin",
            "com.google.gson",
            "io.helidon",
            "java.io",
            "java.net",
            "java.nio",
            "org.slf4j",
            "org.yaml.snakeyaml")
        .allow(
            "http",
            "cookies, pages, forms, assets and the defences of the portal; it knows no token",
            "gg.jte",
            "io.helidon",
            "java.io",
            "java.net",
            "java.security")
        .allow(
            "keys",
            "the keys in their Secret, and the tokens made with them",
            "common.kube",
            "common.model",
            "com.google.gson",
            "com.nimbusds.jose",
            "com.nimbusds.jwt",
            "org.slf4j")
        .allow(
            "revocation",
            "which sign-ins have ended, in a ConfigMap that all replicas watch",
            "common.kube",
            "common.model",
            "com.nimbusds.jwt")
        .allow(
            "signin",
            "the protocol with the provider, and the cookie of the portal",
            "common.identity",
            "common.kube",
            "gate.audit",
            "gate.http",
            "gate.keys",
            "gate.revocation",
            "runtime.tls",
            "com.nimbusds",
            "io.helidon",
            "java.io",
            "java.net",
            "java.nio.file",
            "java.security",
            "javax.net.ssl",
            "org.slf4j")
        .allow(
            "desktop",
            "hosts, owners, passwords and connections of desktops",
            "common.identity",
            "common.kube",
            "common.model",
            "gate.revocation",
            "com.google.gson",
            "com.nimbusds.jwt",
            "java.io",
            "java.net",
            "okhttp3",
            "okio",
            "org.slf4j")
        .allow(
            "ticket",
            "how a sign-in on the portal opens a desktop on another host",
            "common.kube",
            "common.model",
            "gate.audit",
            "gate.desktop",
            "gate.http",
            "gate.keys",
            "gate.revocation",
            "gate.signin",
            "com.nimbusds.jwt",
            "io.helidon",
            "java.net",
            "java.security",
            "org.slf4j")
        .allow(
            "forward",
            "the router's question about each request",
            "common.kube",
            "common.model",
            "gate.audit",
            "gate.desktop",
            "gate.http",
            "gate.keys",
            "gate.revocation",
            "gate.ticket",
            "io.helidon",
            "java.net",
            "java.security",
            "org.slf4j")
        .allowPure(
            "portal.view",
            "what the pages show, in the reader's language",
            "common.model",
            "common.notice",
            "common.quota",
            "gate.api",
            "gate.http",
            "java.net")
        .allow(
            "portal",
            "the pages, and the progress that they follow",
            "common.model",
            "gate.api",
            "gate.http",
            "gate.portal.view",
            "gate.signin",
            "io.helidon",
            "java.io",
            "org.slf4j")
        .check();
  }
}
