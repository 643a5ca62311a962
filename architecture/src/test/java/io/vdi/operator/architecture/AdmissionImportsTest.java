package io.vdi.operator.architecture;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import io.vdi.operator.common.kube.KubeGson;
import org.junit.jupiter.api.Test;

class AdmissionImportsTest {
  private static final String ROOT = "io.vdi.operator.admission";

  @Test
  void packagesImportOnlyWhatTheyMay() {
    ImportRules.of(ROOT)
        .allow(
            "",
            "configuration, wiring and life cycle, and the way of a request",
            "admission.certificates",
            "admission.http",
            "admission.quota",
            "admission.validation",
            "common.identity",
            "common.kube",
            "common.model",
            "common.pod",
            "common.quota",
            "common.usage",
            "runtime",
            "runtime.config",
            "runtime.leader",
            "runtime.schedule",
            "com.google.gson",
            "io.helidon.common.tls",
            "io.helidon.config",
            "io.helidon.metrics.api",
            "io.helidon.webserver",
            "java.nio.file",
            "java.security",
            "org.slf4j")
        .allow(
            "http",
            "HTTP and AdmissionReview, without rules",
            "admission.validation",
            "common.identity",
            "runtime.schedule",
            "com.google.gson",
            "io.helidon.common.socket",
            "io.helidon.http",
            "io.helidon.webserver.http",
            "java.io",
            "java.net",
            "java.nio",
            "org.slf4j")
        .allowPure(
            "validation",
            "the rules: a request and its context in, a verdict out",
            "common.identity",
            "common.kube",
            "common.model",
            "common.pod",
            "common.quota",
            "common.usage",
            "com.google.gson")
        .allow(
            "quota",
            "exact quotas, stored in a ConfigMap; lists of the client have its metadata",
            "common.kube",
            "common.model",
            "common.quota",
            "common.thread",
            "com.google.gson",
            "io.kubernetes.client.openapi.models",
            "org.slf4j")
        .allow(
            "certificates",
            "the serving certificate and its CA, stored in a Secret or in files, and the CA of clients",
            "common.kube",
            "common.model",
            "com.google.gson",
            "io.helidon.common.tls",
            "java.io",
            "java.nio",
            "java.security",
            "javax.naming",
            "javax.net.ssl",
            "javax.security.auth.x500",
            "org.bouncycastle",
            "org.slf4j")
        .check();
  }

  /** The rules decode objects, and never call the API server. */
  @Test
  void theRulesUseOnlyTheJsonCodecOfTheKubernetesPackage() {
    ArchRuleDefinition.noClasses()
        .that()
        .resideInAPackage(ROOT + ".validation")
        .should()
        .dependOnClassesThat(
            DescribedPredicate.describe(
                "are in common.kube, except KubeGson",
                type ->
                    type.getPackageName().equals(KubeGson.class.getPackageName())
                        && !type.isEquivalentTo(KubeGson.class)))
        .check(
            new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages(ROOT));
  }
}
