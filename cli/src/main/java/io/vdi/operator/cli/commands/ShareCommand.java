package io.vdi.operator.cli.commands;

import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.cli.cluster.ClusterAccess;
import io.vdi.operator.cli.cluster.OperatorSettings;
import io.vdi.operator.cli.output.Console;
import io.vdi.operator.cli.output.TerminalSanitizer;
import io.vdi.operator.common.identity.EmailAddress;
import io.vdi.operator.common.kube.MergePatch;
import io.vdi.operator.common.model.Durations;
import io.vdi.operator.common.model.LinkCode;
import io.vdi.operator.common.model.Share;
import io.vdi.operator.common.model.ShareRole;
import io.vdi.operator.common.model.VdiSession;
import java.security.SecureRandom;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.regex.Pattern;
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
      "A share of the same user is replaced.",
      "With --link everybody who has the link watches, without an account, for at most 24h."
    })
public final class ShareCommand extends SessionCommand {
  /** As {@code gate.publicUrl}: http is for development. */
  private static final Pattern PORTAL =
      Pattern.compile("(https://[^/?#@\\s]+|http://(localhost|127[.]0[.]0[.]1)(:\\d+)?)/?");

  /** How long a link is valid if nothing else is said. */
  private static final Duration LINK = Duration.ofHours(1);

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "USER",
      description = "E-mail address of the guest; none with --link.")
  private String user;

  @Option(
      names = "--link",
      description = "Make a link by which guests without an account watch (default: for 1h).")
  private boolean link;

  @Option(
      names = "--portal",
      paramLabel = "URL",
      description =
          "Address of the portal, for --link (default: that of the gate, if you may read its settings).")
  private String portal;

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

  /** Wrong usage needs no cluster. */
  @Override
  public Integer call() {
    usageError()
        .ifPresent(message -> {
          throw new CliException.Usage(message);
        });
    return super.call();
  }

  private Optional<String> usageError() {
    if (!link) {
      if (portal != null) {
        return Optional.of("--portal is for --link: guests with an account open it by themselves");
      }
      if (user == null) {
        return Optional.of("name the e-mail address of a guest, or use --link");
      }
      return EmailAddress.isValid(user)
          ? Optional.empty()
          : Optional.of("\"%s\" is not an e-mail address, such as bob@example.com".formatted(user));
    }
    if (user != null) {
      return Optional.of(
          "\"%s\" and --link: a link is for everybody who has it; leave out one of them"
              .formatted(user));
    }
    if (role == ShareRole.CONTROL) {
      return Optional.of(
          "--role control: a link only lets its guests watch; share with the e-mail address of a guest"
              + " who controls");
    }
    return portal == null || PORTAL.matcher(portal).matches()
        ? Optional.empty()
        : Optional.of(
            "--portal \"%s\" must be an https address without a path, such as https://portal.example.com"
                .formatted(portal));
  }

  @Override
  int run(ClusterAccess cluster) {
    if (link) {
      makeLink(cluster);
    } else {
      share(cluster);
    }
    return 0;
  }

  private void share(ClusterAccess cluster) {
    VdiSession session = cluster.session(name());
    Optional<Instant> until = Optional.ofNullable(end).map(found -> found.of(cluster.serverTime()));
    add(cluster, session, new Share(user, role, until.orElse(null)));
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
  }

  private void makeLink(ClusterAccess cluster) {
    Instant now = cluster.serverTime();
    Instant until = end == null ? now.plus(LINK) : end.of(now);
    if (!until.isAfter(now) || until.isAfter(now.plus(Share.MAX_LINK))) {
      throw new CliException.Usage(
          "the end %s of the link must be in the future, and at most %s from now: give another --for or --until"
              .formatted(until, Durations.format(Share.MAX_LINK)));
    }
    String page = page(cluster);
    VdiSession session = cluster.session(name());
    byte[] secret = new byte[LinkCode.SECRET_BYTES];
    new SecureRandom().nextBytes(secret);
    LinkCode code = LinkCode.of(session.uid(), secret);
    add(cluster, session, new Share(code.user(), ShareRole.VIEW, until));
    print("URL:        " + code.link(page));
    print("Allows:     everybody who has it watches this desktop, without an account");
    print("Ends:       " + until);
    print(
        "To end it:  kubectl vdi unshare %s %s -n %s"
            .formatted(name(), code.user(), session.namespace()));
    console().err().println("The URL is shown only now, and stored nowhere.");
  }

  /** The address of the page that opens links. */
  private String page(ClusterAccess cluster) {
    String address = portal == null ? portalOfGate(cluster) : portal;
    if (portal != null) {
      console()
          .err()
          .println("warning: the link lets nobody in unless gate.desktops.links is view");
    }
    return TerminalSanitizer.of(address.replaceFirst("/$", "") + LinkCode.PAGE);
  }

  private static String portalOfGate(ClusterAccess cluster) {
    try {
      return OperatorSettings.portalOfLinks(cluster);
    } catch (CliException.ApiRejected e) {
      if (!e.isForbidden()) {
        throw e;
      }
      throw e.with(
          "gate.publicUrl is there: use --portal with the address of the portal, or make the link in"
              + " the portal");
    }
  }

  /** The whole list is replaced: of two concurrent changes one fails with a conflict. */
  private static void add(ClusterAccess cluster, VdiSession session, Share share) {
    cluster.patch(
        session,
        MergePatch.forVersion(session.metadata())
            .set("spec.shares", Share.toJson(Share.with(session.spec().shares(), share))));
  }
}
