package io.vdi.operator.common;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;

@AnalyzeClasses(packages = "io.vdi.operator", importOptions = ImportOption.DoNotIncludeTests.class)
class BoundariesTest {
  @ArchTest
  static final ArchRule COMMON_KNOWS_NO_SERVICE =
      ArchRuleDefinition.noClasses()
          .that()
          .resideInAPackage("..common..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("..controller..", "..webhook..", "..reaper..", "..devcluster..");

  @ArchTest
  static final ArchRule THE_MODEL_IS_VALUES =
      ArchRuleDefinition.noClasses()
          .that()
          .resideInAPackage("..common.model..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "..common.kube..", "..common.service..", "java.io..", "java.net..", "okhttp3..");

  @ArchTest
  static final ArchRule THE_LOOP_KNOWS_NO_KUBERNETES =
      ArchRuleDefinition.noClasses()
          .that()
          .resideInAPackage("..common.loop..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("..common.kube..", "..common.model..", "io.kubernetes..");
}
