package io.vdi.operator.cli.doctor;

import io.vdi.operator.common.diagnosis.Layer;
import java.util.Set;

/**
 * One question.
 *
 * @param name by which others depend on it
 * @param title what it is about, for the report
 * @param dependsOn names of those without which it cannot be asked: where one of them has failed,
 *     this one is skipped
 * @param <S> of what it is asked: the system, or one session
 */
record Check<S>(String name, Layer layer, String title, Set<String> dependsOn, Body<S> body) {
  Check {
    dependsOn = Set.copyOf(dependsOn);
  }

  /** May throw {@link io.vdi.operator.cli.cluster.CliException}: the check is skipped then. */
  interface Body<S> {
    CheckResult run(S subject);
  }
}
