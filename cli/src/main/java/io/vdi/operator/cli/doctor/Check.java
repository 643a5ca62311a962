package io.vdi.operator.cli.doctor;

import io.vdi.operator.common.diagnosis.Layer;
import java.util.Set;

/**
 * One check of the doctor.
 *
 * @param name the identifier, which other checks depend on and the JSON report contains
 * @param title for the text report, at most 29 characters
 * @param dependsOn names of other checks: if one of them fails, this check is skipped
 * @param <S> what is checked: the operator or one session
 */
record Check<S>(String name, Layer layer, String title, Set<String> dependsOn, Body<S> body) {
  Check {
    dependsOn = Set.copyOf(dependsOn);
  }

  /** The code of a check. */
  interface Body<S> {
    /**
     * Runs the check.
     *
     * @throws io.vdi.operator.cli.cluster.CliException if it cannot be completed, for example
     *     because the user lacks a permission; the check is skipped then
     */
    CheckResult run(S subject);
  }
}
