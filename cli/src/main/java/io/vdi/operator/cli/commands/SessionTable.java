package io.vdi.operator.cli.commands;

import io.vdi.operator.cli.output.Console;
import io.vdi.operator.cli.output.HumanDuration;
import io.vdi.operator.cli.output.Table;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.VdiSession;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** The table of {@code kubectl vdi list}. */
public final class SessionTable {
  private SessionTable() {}

  /**
   * The lines of the table.
   *
   * @param namespaces whether to add the column NAMESPACE
   * @param wide whether to add the columns TEMPLATE and MESSAGE, and to cut nothing
   */
  public static List<String> lines(
      List<VdiSession> sessions, boolean namespaces, boolean wide, Instant now, Console console) {
    List<String> headings =
        new ArrayList<>(List.of("NAME", "USER", "PHASE", "URL", "ENDS IN", "AGE"));
    if (namespaces) {
      headings.addFirst("NAMESPACE");
    }
    if (wide) {
      headings.addAll(List.of("TEMPLATE", "MESSAGE"));
    }
    Table table = new Table(headings.toArray(String[]::new));
    for (VdiSession session : sessions) {
      VdiSession.Status status = session.status();
      List<String> cells =
          new ArrayList<>(
              List.of(
                  session.name(),
                  session.spec().user(),
                  status.currentPhase().map(Phase::text).orElse(""),
                  status.url(),
                  status.expiresAt() == null
                      ? ""
                      : HumanDuration.of(Duration.between(now, status.expiresAt())),
                  HumanDuration.of(Duration.between(session.metadata().creationTimestamp(), now))));
      if (namespaces) {
        cells.addFirst(session.namespace());
      }
      if (wide) {
        cells.addAll(List.of(session.spec().template(), status.message()));
      }
      table.row(cells.toArray(String[]::new));
    }
    return table.lines(wide ? 0 : console.width());
  }
}
