package io.vdi.operator.controller;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import java.time.Instant;

@AnalyzeClasses(packages = "io.vdi.operator", importOptions = ImportOption.DoNotIncludeTests.class)
class BoundariesTest {
  @ArchTest
  static final ArchRule THE_PLANNER_IS_PURE =
      ArchRuleDefinition.noClasses()
          .that()
          .resideInAPackage("..controller.plan..")
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
              "org.slf4j..");

  @ArchTest
  static final ArchRule THE_PLANNER_HAS_NO_CLOCK =
      ArchRuleDefinition.noClasses()
          .that()
          .resideInAnyPackage("..controller.plan..", "..controller.objects..")
          .should()
          .callMethod(Instant.class, "now")
          .orShould()
          .callMethod(System.class, "currentTimeMillis")
          .orShould()
          .callMethod(System.class, "nanoTime");

  @ArchTest
  static final ArchRule OBJECTS_DO_NO_IO =
      ArchRuleDefinition.noClasses()
          .that()
          .resideInAPackage("..controller.objects..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "java.io..", "java.net..", "java.nio..", "okhttp3..", "..controller.apply..")
          .orShould()
          .dependOnClassesThat()
          .haveSimpleName("KubeApi");

  @ArchTest
  static final ArchRule NOBODY_SHIPS_THE_DEVCLUSTER =
      ArchRuleDefinition.noClasses()
          .that()
          .resideInAnyPackage("..controller..", "..common..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("..devcluster..");
}
