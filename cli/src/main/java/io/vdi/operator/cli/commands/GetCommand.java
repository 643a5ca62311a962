package io.vdi.operator.cli.commands;

import io.vdi.operator.cli.cluster.ClusterAccess;
import io.vdi.operator.cli.output.Console;
import io.vdi.operator.cli.output.Format;
import io.vdi.operator.cli.output.HumanDuration;
import io.vdi.operator.cli.output.TerminalSanitizer;
import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.VdiSession;
import java.time.Duration;
import java.time.Instant;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code kubectl vdi get}. */
@Command(name = "get", description = "Show one session with its conditions.")
public final class GetCommand extends SessionCommand {
  @Mixin private FormatOption output;

  public GetCommand(Console console) {
    super(console);
  }

  @Override
  int run(ClusterAccess cluster) {
    Format format = output.format();
    if (format.isTable()) {
      printFields(cluster.session(name()), Instant.now());
    } else {
      print(format.of(cluster.sessionObject(name())));
    }
    return 0;
  }

  private void printFields(VdiSession session, Instant now) {
    VdiSession.Status status = session.status();
    field("Name", session.namespace() + "/" + session.name());
    field("User", session.spec().user());
    field("Template", session.spec().template());
    field("Phase", status.currentPhase().map(Phase::text).orElse(""));
    field("Message", status.message());
    field("URL", status.url());
    field("Age", HumanDuration.of(Duration.between(session.metadata().creationTimestamp(), now)));
    field(
        "Ends",
        status.expiresAt() == null
            ? ""
            : status.expiresAt()
                + " (in "
                + HumanDuration.of(Duration.between(now, status.expiresAt()))
                + ")");
    for (Condition condition : status.conditions()) {
      field(
          condition.type(),
          condition.status()
              + ", "
              + condition.reason()
              + (condition.message().isEmpty() || condition.message().equals(status.message())
                  ? ""
                  : ": " + condition.message()));
    }
    KnownCause.ofTag(status.message())
        .ifPresent(cause -> {
          field("Remedy", cause.remedy());
          field("", "kubectl vdi doctor " + name() + " -n " + session.namespace());
        });
  }

  private void field(String label, String value) {
    if (!value.isEmpty()) {
      print(
          String.format(
              "%-18s %s", label.isEmpty() ? "" : label + ":", TerminalSanitizer.of(value)));
    }
  }
}
