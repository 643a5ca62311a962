package io.vdi.operator.webhook;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import java.time.Instant;

@AnalyzeClasses(packages = "io.vdi.operator", importOptions = ImportOption.DoNotIncludeTests.class)
class BoundariesTest {
  @ArchTest
  static final ArchRule DECISIONS_ARE_PURE =
      ArchRuleDefinition.noClasses()
          .that()
          .resideInAPackage("..webhook.decide..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "io.kubernetes..",
              "io.helidon..",
              "okhttp3..",
              "java.io..",
              "java.net..",
              "java.nio..",
              "java.util.concurrent..",
              "java.util.random..",
              "org.slf4j..",
              "..webhook.http..",
              "..webhook.quota..",
              "..webhook.certificates..")
          .orShould()
          .callMethod(Instant.class, "now")
          .orShould()
          .dependOnClassesThat()
          .haveSimpleName("KubeApi");

  @ArchTest
  static final ArchRule SERVICES_DO_NOT_KNOW_EACH_OTHER =
      ArchRuleDefinition.noClasses()
          .that()
          .resideInAPackage("..webhook..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("..operator.controller..", "..operator.devcluster..");
}
