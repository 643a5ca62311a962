package io.vdi.operator.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.vdi.operator.common.kube.KubeClient;
import org.junit.jupiter.api.Test;

class ReaperImportsTest {
  private static final String ROOT = "io.vdi.operator.reaper";

  @Test
  void packagesImportOnlyWhatTheyMay() {
    ImportRules.of(ROOT)
        .allowPure("policy", "decides what is deleted when", "common.model")
        .allow(
            "execution",
            "reads, deletes and reports what the policy decides",
            "common.kube",
            "common.model",
            "reaper.policy",
            "runtime.workqueue",
            "com.google.gson",
            "org.slf4j")
        .allow(
            "activity",
            "asks desktops for their clients and nodes for the load of desktops",
            "common.kube",
            "common.model",
            "reaper.policy",
            "runtime.workqueue",
            "com.google.gson",
            "io.kubernetes",
            "java.io",
            "java.net",
            "java.nio.file",
            "javax.net.ssl",
            "okhttp3",
            "okio",
            "org.slf4j")
        .allow(
            "notice",
            "sends notices to users, and records which were sent",
            "common.kube",
            "common.model",
            "common.notice",
            "common.thread",
            "runtime.config",
            "runtime.tls",
            "runtime.webhook",
            "runtime.workqueue",
            "com.google.gson",
            "jakarta.mail",
            "java.io",
            "java.net",
            "java.nio.file",
            "java.security",
            "javax.net.ssl",
            "okhttp3",
            "org.eclipse.angus.mail",
            "org.slf4j")
        .allow(
            "",
            "wires the service, its settings and its metrics",
            "common.kube",
            "common.model",
            "common.notice",
            "reaper.activity",
            "reaper.execution",
            "reaper.notice",
            "reaper.policy",
            "runtime",
            "runtime.config",
            "runtime.leader",
            "runtime.schedule",
            "runtime.workqueue",
            "com.google.gson",
            "io.helidon",
            "java.nio.file",
            "org.slf4j")
        .check();
  }

  @Test
  void onlyExecutionDeletes() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + ".execution")
        .should()
        .callMethodWhere(
            describe(
                "the target is KubeClient.delete*",
                (JavaMethodCall call) ->
                    call.getTargetOwner().isEquivalentTo(KubeClient.class)
                        && call.getTarget().getName().startsWith("delete")))
        .because("one package decides again on live objects, and applies guard and rate limit")
        .check(
            new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages(ROOT));
  }
}
