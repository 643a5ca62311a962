package io.vdi.operator.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class ControllerImportsTest {
  private static final String ROOT = "io.vdi.operator.controller";

  @Test
  void packagesImportOnlyWhatTheyMay() {
    ImportRules.of(ROOT)
        .allow(
            "",
            "wires the controller, reads its configuration, and turns changes into queue keys",
            "common.identity",
            "common.kube",
            "common.model",
            "common.quota",
            "common.thread",
            "controller.network",
            "controller.quota",
            "controller.session",
            "controller.session.apply",
            "controller.session.cache",
            "controller.session.host",
            "controller.session.resources",
            "controller.template",
            "controller.usage",
            "runtime",
            "runtime.config",
            "runtime.leader",
            "runtime.workqueue",
            "com.google.gson",
            "io.helidon.config",
            "io.kubernetes.client.openapi.models",
            "java.io",
            "java.net",
            "java.security",
            "org.slf4j")
        .allow(
            "session",
            "runs the passes: observes, plans, executes, reports",
            "common.kube",
            "common.model",
            "controller.quota",
            "controller.session.apply",
            "controller.session.cache",
            "controller.session.host",
            "controller.session.plan",
            "controller.session.resources",
            "controller.usage",
            "runtime",
            "runtime.workqueue",
            "io.helidon.metrics",
            "org.slf4j")
        .allowPure(
            "session.resources",
            "builds the objects of a session; the JSON library and the models of the client only",
            "common.identity",
            "common.kube",
            "common.model",
            "common.pod",
            "com.google.gson",
            "io.kubernetes.client.custom",
            "io.kubernetes.client.openapi.models")
        .allowPure(
            "session.plan",
            "decides what to write: no client, no JSON, no files",
            "common.diagnosis",
            "common.model",
            "controller.session.resources")
        .allow(
            "session.apply",
            "executes plans: the only package that writes children and reads the TURN secret",
            "common.kube",
            "common.model",
            "controller.session.cache",
            "controller.session.plan",
            "controller.session.resources",
            "com.google.gson",
            "java.io",
            "java.nio.file",
            "java.security",
            "javax.crypto")
        .allow(
            "session.host",
            "assigns hosts, and stores which were released",
            "common.identity",
            "common.kube",
            "common.model",
            "controller.session.cache",
            "java.net",
            "org.slf4j")
        .allow(
            "session.cache",
            "keeps what is known in memory; reads the cluster and writes nothing",
            "common.diagnosis",
            "common.kube",
            "common.model",
            "controller.session.plan",
            "controller.session.resources",
            "runtime.schedule",
            "org.slf4j")
        .allow(
            "quota",
            "admits pods by the quotas, from memory: no client",
            "common.diagnosis",
            "common.model",
            "common.kube",
            "common.quota",
            "controller.session.cache",
            "controller.session.plan",
            "io.helidon.metrics")
        .allow(
            "usage",
            "records intervals of use in objects of the API",
            "common.kube",
            "common.model",
            "common.usage",
            "controller.session.cache",
            "controller.session.plan",
            "runtime",
            "runtime.schedule",
            "com.google.gson",
            "io.helidon.metrics",
            "org.slf4j")
        .allow(
            "network",
            "deletes NetworkPolicies and Middlewares that no session uses",
            "common.kube",
            "common.model",
            "controller.session.cache",
            "controller.session.resources",
            "runtime.schedule",
            "org.slf4j")
        .allow(
            "template",
            "writes the status of templates",
            "common.kube",
            "common.model",
            "controller.session.cache",
            "runtime.schedule",
            "org.slf4j")
        .check();
  }

  /** {@code common.kube} is allowed there for its JSON library and its caches. */
  @Test
  void onlyTheExecutorTheWatchersAndTheWiringHoldAClient() {
    noClasses()
        .that()
        .resideInAnyPackage(
            ROOT + ".session", ROOT + ".session.plan", ROOT + ".session.resources", ROOT + ".quota")
        .should()
        .dependOnClassesThat()
        .haveSimpleName("KubeClient")
        .check(
            new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages(ROOT));
  }
}
