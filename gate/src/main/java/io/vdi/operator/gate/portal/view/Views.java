package io.vdi.operator.gate.portal.view;

import io.vdi.operator.common.model.IdleAction;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ReclaimPolicy;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.Share;
import io.vdi.operator.common.model.ShareRole;
import io.vdi.operator.common.notice.Notice;
import io.vdi.operator.common.quota.QuotaViolation.QuotaResource;
import io.vdi.operator.common.usage.GpuBudgets;
import io.vdi.operator.common.usage.UsageReport;
import io.vdi.operator.common.usage.UsageReport.Dimension;
import io.vdi.operator.gate.api.CauseView;
import io.vdi.operator.gate.api.DiagnosisView;
import io.vdi.operator.gate.api.HomeView;
import io.vdi.operator.gate.api.SessionView;
import io.vdi.operator.gate.api.SessionView.Action;
import io.vdi.operator.gate.api.SharedView;
import io.vdi.operator.gate.api.StartStep;
import io.vdi.operator.gate.api.TemplateCard;
import io.vdi.operator.gate.api.Timers;
import io.vdi.operator.gate.api.UsageView;
import io.vdi.operator.gate.http.ReturnPath;
import io.vdi.operator.gate.portal.view.SessionCard.Choice;
import io.vdi.operator.gate.portal.view.SessionCard.Timer;
import io.vdi.operator.gate.portal.view.SessionCard.Tone;
import io.vdi.operator.gate.portal.view.SessionDetails.Fact;
import io.vdi.operator.gate.portal.view.SessionDetails.StepLine;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Pure: what the API returns, as the pages show it.
 *
 * @param now by the clock of the API server
 */
public record Views(Texts texts, Instant now) {
  /** By how much a session can be extended at a time. */
  private static final List<Duration> EXTENSIONS =
      List.of(Duration.ofHours(1), Duration.ofHours(2), Duration.ofHours(4), Duration.ofHours(8));

  /** Why sessions end or sleep, as the reaper writes it. */
  static final Set<String> REASONS =
      Set.of("timeout", "idle", "schedule", "budget", "suspended", "neverStarted", "failed");

  private static final List<Duration> SHARE_TIMES =
      List.of(Duration.ofHours(1), Duration.ofHours(4), Duration.ofHours(24));

  /** A session that was used more recently than this counts as in use. */
  private static final Duration RECENT = Duration.ofMinutes(1);

  /** A session in a list. */
  public SessionCard card(SessionView session) {
    return new SessionCard(
        id(session.key()),
        Paths.session(session.key()),
        session.key().name(),
        session.key().namespace(),
        session.displayName(),
        Icon.of(session.icon()),
        session.isOwn() ? Optional.empty() : Optional.of(session.user()),
        phase(session),
        tone(session),
        catalogue().message(session.message(), session.cause()),
        String.join(", ", amounts(session.gpu(), session.cpu(), session.memory())),
        timers(session),
        session.sharing().visitors().stream()
            .map(visitor ->
                texts.get(
                    "visitor." + visitor.role().name(),
                    visitor.user(),
                    texts.moment(visitor.since())))
            .toList(),
        open(session),
        address(session)
            .filter(url -> session.actions().contains(Action.WATCH))
            .map(url -> url + ReturnPath.WATCH),
        session.actions().contains(Action.SHARE),
        session.actions().contains(Action.SUSPEND),
        session.actions().contains(Action.RESUME),
        session.actions().contains(Action.DELETE),
        extensions(session));
  }

  /** A session on its own page. */
  public SessionDetails details(SessionView session) {
    boolean isChanging =
        switch (session.phase()) {
          case PENDING, CREATING, TERMINATING -> true;
          case RUNNING -> session.isSuspended() || session.isDeleting();
          case SUSPENDED -> !session.isSuspended() || session.isDeleting();
          case FAILED -> session.isDeleting();
        };
    List<StepLine> steps = session.steps().stream().map(this::step).toList();
    return new SessionDetails(
        card(session),
        steps,
        isChanging,
        session.cause().or(() -> stepCause(session.steps())).map(catalogue()::remedy),
        announcement(session, steps),
        facts(session));
  }

  private static Optional<CauseView> stepCause(List<StartStep> steps) {
    return steps.stream().flatMap(step -> step.cause().stream()).findFirst();
  }

  private String announcement(SessionView session, List<StepLine> steps) {
    return steps.stream()
        .filter(step -> step.isCurrent() && session.phase() != Phase.RUNNING)
        .findFirst()
        .map(step -> texts.get("session.at", phase(session), step.title()))
        .orElseGet(() -> open(session).isPresent() ? texts.get("session.ready") : phase(session));
  }

  private StepLine step(StartStep step) {
    return new StepLine(
        texts.get("step." + step.name().name()),
        texts.get("state." + step.state().name()),
        step.state().name().toLowerCase(Locale.ROOT),
        step.state() == StartStep.State.ACTIVE || step.state() == StartStep.State.FAILED,
        catalogue().message(step.message(), step.cause()));
  }

  private List<Fact> facts(SessionView session) {
    List<Fact> facts = new ArrayList<>();
    facts.add(new Fact(texts.get("fact.owner"), session.user()));
    facts.add(new Fact(texts.get("fact.template"), session.displayName()));
    facts.add(new Fact(texts.get("fact.namespace"), session.key().namespace()));
    facts.add(
        new Fact(
            texts.get("fact.resources"),
            String.join(", ", amounts(session.gpu(), session.cpu(), session.memory()))));
    facts.add(
        new Fact(
            texts.get("fact.home"),
            session
                .homeSize()
                .map(size ->
                    texts.get(
                        session.reclaimPolicy() == ReclaimPolicy.RETAIN ? "home.kept" : "home.goes",
                        texts.quantity(size)))
                .orElseGet(() -> texts.get("home.none"))));
    facts.add(new Fact(texts.get("fact.created"), texts.moment(session.createdAt())));
    if (session.restarts() > 0) {
      facts.add(new Fact(texts.get("fact.restarts"), String.valueOf(session.restarts())));
    }
    return facts;
  }

  private String phase(SessionView session) {
    if (session.isDeleting()) {
      return texts.get("phase.TERMINATING");
    }
    if (session.isSuspended() && session.phase() == Phase.RUNNING) {
      return texts.get("phase.suspending");
    }
    return texts.get("phase." + session.phase().name());
  }

  private static Tone tone(SessionView session) {
    return switch (session.phase()) {
      case RUNNING -> session.isDeleting() || session.isSuspended() ? Tone.BUSY : Tone.GOOD;
      case PENDING, CREATING, TERMINATING -> Tone.BUSY;
      case SUSPENDED -> Tone.CALM;
      case FAILED -> Tone.BAD;
    };
  }

  private static Optional<String> open(SessionView session) {
    return address(session).filter(url -> session.actions().contains(Action.OPEN));
  }

  private static Optional<String> address(SessionView session) {
    return session.url().flatMap(Views::address);
  }

  /** Only web addresses: the address comes from the status of an object. */
  private static Optional<String> address(URI url) {
    return "https".equals(url.getScheme()) || "http".equals(url.getScheme())
        ? Optional.of(url.toString())
        : Optional.empty();
  }

  /** A guest of a desktop. */
  public ShareLine share(Share share) {
    return new ShareLine(
        share.user(),
        share.isLink() ? texts.get("shares.link") : share.user(),
        role(share.role()),
        until(share.end()));
  }

  /** A desktop that somebody shares with the reader. */
  public SharedCard shared(SharedView shared) {
    return new SharedCard(
        "g" + id(shared.key()),
        shared.key().name(),
        shared.displayName(),
        Icon.of(shared.icon()),
        shared.owner(),
        role(shared.role()),
        until(shared.until()),
        shared.url().flatMap(Views::address));
  }

  /** How long a share lasts: what the form offers. */
  public List<Choice> shareTimes() {
    List<Choice> choices = new ArrayList<>(linkTimes());
    choices.add(new Choice("", texts.get("shares.forever")));
    return choices;
  }

  /** How long a link lasts: what the form offers. */
  public List<Choice> linkTimes() {
    return SHARE_TIMES.stream()
        .map(time -> new Choice(time.toHours() + "h", texts.duration(time)))
        .toList();
  }

  private String role(ShareRole role) {
    return texts.get("role." + role.name());
  }

  private String until(Optional<Instant> until) {
    return until
        .map(time ->
            time.isAfter(now)
                ? texts.get("shares.until", texts.moment(time))
                : texts.get("shares.ended", texts.moment(time)))
        .orElseGet(() -> texts.get("shares.forever"));
  }

  private List<Choice> extensions(SessionView session) {
    if (!session.actions().contains(Action.EXTEND)) {
      return List.of();
    }
    Timers timers = session.timers();
    return EXTENSIONS.stream()
        .filter(timers::canExtend)
        .map(by -> new Choice(by.toHours() + "h", texts.duration(by)))
        .toList();
  }

  private List<Timer> timers(SessionView session) {
    List<Timer> timers = new ArrayList<>();
    session
        .timers()
        .endsAt()
        .ifPresent(at ->
            timers.add(
                timer(
                    at.isAfter(now)
                        ? texts.get("timer.ends", texts.duration(Duration.between(now, at)))
                        : texts.get("timer.endsNow"),
                    at)));
    session
        .timers()
        .stopsAt()
        .filter(at -> session.timers().endsAt().filter(at::isAfter).isEmpty())
        .ifPresent(at ->
            timers.add(
                timer(
                    at.isAfter(now)
                        ? texts.get("timer.stops", texts.duration(Duration.between(now, at)))
                        : texts.get("timer.stopsNow"),
                    at)));
    if (session.phase() == Phase.RUNNING && !session.isSuspended()) {
      session.timers().idleTimeout().ifPresent(idle -> timers.add(idle(session.timers(), idle)));
    }
    return timers;
  }

  private Timer idle(Timers timers, Duration idleTimeout) {
    boolean deletes = timers.idleAction() == IdleAction.DELETE;
    Optional<Instant> soon =
        timers
            .sleepsAt()
            .filter(at -> Duration.between(now, at).compareTo(idleTimeout.minus(RECENT)) < 0);
    return soon.map(at ->
            timer(
                texts.get(
                    deletes ? "timer.unusedDeletes" : "timer.unusedSleeps",
                    texts.duration(at.isAfter(now) ? Duration.between(now, at) : Duration.ZERO)),
                at))
        .orElseGet(() ->
            new Timer(
                texts.get(
                    deletes ? "timer.idleDeletes" : "timer.idleSleeps",
                    texts.duration(idleTimeout)),
                "",
                ""));
  }

  private Timer timer(String text, Instant at) {
    return new Timer(text, at.toString(), texts.moment(at));
  }

  private List<String> amounts(int gpu, String cpu, String memory) {
    return Stream.of(
            gpu == 0 ? texts.get("amount.noGpu") : texts.get("amount.gpu", gpu),
            texts.get("amount.cpu", cpu),
            texts.get("amount.memory", texts.quantity(memory)))
        .toList();
  }

  /** A template that can be started. */
  public TemplateView template(TemplateCard template) {
    List<String> lines =
        new ArrayList<>(amounts(template.gpu(), template.cpu(), template.memory()));
    lines.add(
        template
            .homeSize()
            .map(size -> texts.get("amount.home", texts.quantity(size)))
            .orElseGet(() -> texts.get("home.none")));
    lines.add(texts.get("amount.time", texts.duration(template.timeout())));
    return new TemplateView(
        "t." + template.name(),
        template.name(),
        template.displayName(),
        template.description(),
        Icon.of(template.icon()),
        lines,
        left(template.left()),
        template.left().obstacle().map(this::obstacle),
        template.left().waits());
  }

  private String left(TemplateCard.Left left) {
    List<String> parts = new ArrayList<>();
    left.sessions().ifPresent(n -> parts.add(texts.get("left.sessions", n)));
    left.gpus().ifPresent(n -> parts.add(texts.get("left.gpus", n)));
    left.storage()
        .ifPresent(
            n -> parts.add(texts.get("left.storage", texts.amount(QuotaResource.STORAGE, n))));
    return parts.isEmpty()
        ? texts.get("left.unlimited")
        : texts.get("left.all", String.join(", ", parts));
  }

  /** What the user is told. */
  public NoticeLine notice(Notice notice) {
    boolean draining = notice.kind() == Notice.Kind.NODE_DRAINING;
    String reason = REASONS.contains(notice.reason()) ? notice.reason() : "other";
    return new NoticeLine(
        Paths.session(notice.session()),
        texts.get(
            "notice." + notice.kind().name(),
            notice.session().name(),
            draining ? "" : texts.get("notice.reason." + reason)),
        catalogue().message(draining ? notice.reason() : ""),
        notice.at().toString(),
        texts.moment(notice.at()));
  }

  /**
   * A home.
   *
   * @param templates the names of those that the reader can use
   */
  public HomeLine home(HomeView home, Set<String> templates) {
    List<String> lines = new ArrayList<>();
    lines.add(texts.get("amount.home", texts.quantity(home.size())));
    if (home.isRetained()) {
      lines.add(
          home.releasedAt()
              .map(at -> texts.get("homes.since", texts.moment(at)))
              .orElseGet(() -> texts.get("homes.unused")));
      lines.add(
          home.deletedAt()
              .map(at -> texts.get("homes.until", texts.moment(at)))
              .orElseGet(() -> texts.get("homes.forever")));
    } else {
      lines.add(texts.get("homes.inUse"));
    }
    return new HomeLine(
        id(home.key()),
        Paths.home(home.key()),
        home.key().name(),
        home.isRetained() ? Optional.empty() : Optional.of(Paths.session(home.key())),
        home.isOwn() ? Optional.empty() : Optional.of(home.user()),
        lines,
        home.template()
            .filter(name -> home.isRetained() && home.isOwn() && templates.contains(name)));
  }

  /** What is used of a limit. */
  public UsageLine usage(UsageView.Line line) {
    OptionalLong limit = line.limit();
    String used = texts.amount(line.resource(), line.used());
    int percent =
        limit.isPresent() && limit.getAsLong() > 0
            ? (int) Math.clamp(Math.round(line.used() * 100.0 / limit.getAsLong()), 0L, 100L)
            : limit.isPresent() ? 100 : 0;
    return new UsageLine(
        texts.scope(line.scope(), line.name()),
        texts.get("resource." + line.resource().name()),
        limit.isPresent()
            ? texts.get("usage.of", used, texts.amount(line.resource(), limit.getAsLong()))
            : texts.get("usage.unlimited", used),
        percent,
        limit.isPresent(),
        limit.isPresent() && line.used() >= limit.getAsLong());
  }

  /** What is used of a budget, and what is left. */
  public UsageLine budget(GpuBudgets.Budget budget) {
    int percent = budget.isSpent() ? 100 : (int) Math.round(budget.used() * 100.0 / budget.limit());
    return new UsageLine(
        texts.get(
            budget.holder() == GpuBudgets.Holder.USER ? "scope.USER" : "scope.GROUP",
            budget.name()),
        texts.get("usage.gpuHours"),
        texts.get(
            "usage.left",
            texts.hours(budget.used()),
            texts.hours(budget.limit()),
            texts.hours(Math.max(0, budget.limit() - budget.used()))),
        percent,
        true,
        budget.isSpent());
  }

  /** When the budgets begin again. */
  public String renewal(YearMonth month) {
    return texts.get("usage.renewal", texts.month(month), texts.day(month.plusMonths(1).atDay(1)));
  }

  /** How much desktops were used. */
  public UsageTable past(UsageReport report, UsageChoice choice) {
    List<UsageTable.Row> rows =
        report.rows().stream()
            .map(row ->
                new UsageTable.Row(
                    rowName(choice.by(), row.keys().getFirst()),
                    texts.number(row.sessions()),
                    texts.hours(row.seconds()),
                    texts.hours(row.gpuSeconds())))
            .toList();
    return new UsageTable(
        by(choice.by()),
        choice.dimensions().stream().map(by -> new SessionCard.Choice(by.text(), by(by))).toList(),
        choice.by().text(),
        Stream.concat(
                choice.months().stream()
                    .map(month -> new SessionCard.Choice(month.toString(), texts.month(month))),
                Stream.of(new SessionCard.Choice(UsageChoice.ALL, texts.get("usage.all"))))
            .toList(),
        choice.month().map(YearMonth::toString).orElse(UsageChoice.ALL),
        // The latest month first.
        choice.by() == Dimension.MONTH ? rows.reversed() : rows,
        choice.csv());
  }

  private String by(Dimension by) {
    return texts.get("by." + by.name());
  }

  private String rowName(Dimension by, String key) {
    return switch (by) {
      case MONTH -> texts.month(YearMonth.parse(key));
      case GROUP -> key.isEmpty() ? texts.get("usage.noGroup") : key;
      case USER, TEMPLATE -> key;
    };
  }

  /** A check of a session. */
  public CheckLine check(DiagnosisView.Check check) {
    return new CheckLine(
        texts.get("check." + check.result().name()),
        check.result().name().toLowerCase(Locale.ROOT),
        catalogue().title(check),
        catalogue().observed(check.observed()),
        check.cause().map(catalogue()::remedy));
  }

  /** What the cluster, the operator or the gate says. */
  public Message message(String english) {
    return catalogue().message(english);
  }

  /** Why something is not possible now. */
  public Message obstacle(String english) {
    return catalogue().observed(english);
  }

  private Catalogue catalogue() {
    return new Catalogue(texts);
  }

  /** Unique: no namespace contains a full stop. */
  private static String id(SessionKey key) {
    return "s." + key.namespace() + "." + key.name();
  }
}
