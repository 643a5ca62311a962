package io.vdi.operator.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Who may know whom. */
@AnalyzeClasses(
    packages = "io.vdi.operator.cli",
    importOptions = ImportOption.DoNotIncludeTests.class)
class BoundariesTest {
  @ArchTest
  static final ArchRule OUTPUT_KNOWS_NOBODY =
      noClasses()
          .that()
          .resideInAPackage("..cli.output..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("..cli.commands..", "..cli.doctor..", "..cli.cluster..");

  @ArchTest
  static final ArchRule THE_CLUSTER_KNOWS_NO_COMMANDS =
      noClasses()
          .that()
          .resideInAPackage("..cli.cluster..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("..cli.commands..", "..cli.doctor..", "..cli.output..");

  @ArchTest
  static final ArchRule THE_DOCTOR_KNOWS_NO_COMMANDS =
      noClasses()
          .that()
          .resideInAPackage("..cli.doctor..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("..cli.commands..");

  @ArchTest
  static final ArchRule NO_OTHER_SERVICE =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "io.vdi.operator.controller..",
              "io.vdi.operator.webhook..",
              "io.vdi.operator.reaper..");
}
