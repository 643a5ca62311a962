package io.vdi.operator.cli.commands;

import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.cli.cluster.ClusterAccess;
import io.vdi.operator.cli.output.Console;
import io.vdi.operator.common.identity.EmailAddress;
import io.vdi.operator.common.kube.MergePatch;
import io.vdi.operator.common.model.Share;
import io.vdi.operator.common.model.ShareRole;
import io.vdi.operator.common.model.VdiSession;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** {@code kubectl vdi share}. */
@Command(
    name = "share",
    description = {
      "Share a desktop with a guest, who opens it at the portal.",
      "A share of the same user is replaced."
    })
public final class ShareCommand extends SessionCommand {
  @Parameters(index = "1", paramLabel = "USER", description = "E-mail address of the guest.")
  private String user;

  @Option(
      names = "--role",
      paramLabel = "ROLE",
      defaultValue = "view",
      description =
          "view: the guest watches (default). control: the guest uses the desktop, with your logins and"
              + " files.")
  private ShareRole role;

  @ArgGroup(exclusive = true)
  private End end;

  /** At most one of the two options is set. */
  static final class End {
    @Option(
        names = "--for",
        paramLabel = "DURATION",
        converter = WaitOptions.DurationConverter.class,
        description = "The share ends after this time, such as 2h.")
    private Duration length;

    @Option(
        names = "--until",
        paramLabel = "TIME",
        converter = TimeConverter.class,
        description = "The share ends at this time, such as 2026-11-26T20:00:00Z.")
    private Instant until;

    Instant of(Instant now) {
      return length == null ? until : now.plus(length).truncatedTo(ChronoUnit.SECONDS);
    }
  }

  /** A time with its offset from UTC. */
  static final class TimeConverter implements ITypeConverter<Instant> {
    @Override
    public Instant convert(String text) {
      try {
        return DateTimeFormatter.ISO_OFFSET_DATE_TIME.parse(text, Instant::from);
      } catch (DateTimeException e) {
        throw new TypeConversionException(
            "'" + text + "' is not a time with its offset from UTC, such as 2026-11-26T20:00:00Z");
      }
    }
  }

  public ShareCommand(Console console) {
    super(console);
  }

  @Override
  int run(ClusterAccess cluster) {
    if (!EmailAddress.isValid(user)) {
      throw new CliException.Usage(
          "\"%s\" is not an e-mail address, such as bob@example.com".formatted(user));
    }
    VdiSession session = cluster.session(name());
    Optional<Instant> until = Optional.ofNullable(end).map(found -> found.of(cluster.serverTime()));
    Share share = new Share(user, role, until.orElse(null));
    // The whole list is replaced: of two concurrent changes one fails with a conflict.
    cluster.patch(
        session,
        MergePatch.forVersion(session.metadata())
            .set("spec.shares", Share.toJson(Share.with(session.spec().shares(), share))));
    print(
        "vdisession/%s shared with %s, role %s%s"
            .formatted(name(), user, role.text(), until.map(time -> ", until " + time).orElse("")));
    if (role == ShareRole.CONTROL) {
      console()
          .err()
          .println(
              "warning: %s acts with the owner's logins and files; without --role control a guest only watches"
                  .formatted(user));
    }
    return 0;
  }
}
