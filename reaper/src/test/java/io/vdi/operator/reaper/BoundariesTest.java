package io.vdi.operator.reaper;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import java.time.Instant;

@AnalyzeClasses(packages = "io.vdi.operator", importOptions = ImportOption.DoNotIncludeTests.class)
class BoundariesTest {
  @ArchTest
  static final ArchRule THE_JUDGE_IS_PURE =
      ArchRuleDefinition.noClasses()
          .that()
          .resideInAPackage("..reaper.judge..")
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
              "org.slf4j..")
          .orShould()
          .callMethod(Instant.class, "now")
          .orShould()
          .callMethod(System.class, "currentTimeMillis")
          .orShould()
          .callMethod(System.class, "nanoTime");

  @ArchTest
  static final ArchRule ONLY_REAP_DELETES =
      ArchRuleDefinition.noClasses()
          .that()
          .resideInAPackage("..reaper..")
          .and()
          .resideOutsideOfPackage("..reaper.reap..")
          .should()
          .callMethodWhere(
              new com.tngtech.archunit.base.DescribedPredicate<>("a deletion") {
                @Override
                public boolean test(com.tngtech.archunit.core.domain.JavaMethodCall call) {
                  return call.getTarget().getName().startsWith("delete")
                      && call.getTargetOwner().getSimpleName().equals("KubeApi");
                }
              });

  @ArchTest
  static final ArchRule SERVICES_DO_NOT_KNOW_ONE_ANOTHER =
      ArchRuleDefinition.noClasses()
          .that()
          .resideInAPackage("..reaper..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("..controller..", "..webhook..", "..devcluster..");
}
