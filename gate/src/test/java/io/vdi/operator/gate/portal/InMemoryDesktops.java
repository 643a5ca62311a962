package io.vdi.operator.gate.portal;

import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.diagnosis.Layer;
import io.vdi.operator.common.model.IdleAction;
import io.vdi.operator.common.model.LinkCode;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ReclaimPolicy;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.Share;
import io.vdi.operator.common.model.ShareRole;
import io.vdi.operator.common.model.VdiUsage;
import io.vdi.operator.common.notice.Notice;
import io.vdi.operator.common.quota.QuotaScope;
import io.vdi.operator.common.quota.QuotaViolation.QuotaResource;
import io.vdi.operator.common.usage.GpuBudgets;
import io.vdi.operator.common.usage.UsagePeriod;
import io.vdi.operator.common.usage.UsageReport;
import io.vdi.operator.gate.api.ApiUser;
import io.vdi.operator.gate.api.BudgetsView;
import io.vdi.operator.gate.api.CauseView;
import io.vdi.operator.gate.api.Desktops;
import io.vdi.operator.gate.api.DiagnosisView;
import io.vdi.operator.gate.api.HomeView;
import io.vdi.operator.gate.api.LinkView;
import io.vdi.operator.gate.api.MeView;
import io.vdi.operator.gate.api.Outcome;
import io.vdi.operator.gate.api.ProblemType;
import io.vdi.operator.gate.api.SessionChange;
import io.vdi.operator.gate.api.SessionFilter;
import io.vdi.operator.gate.api.SessionListener;
import io.vdi.operator.gate.api.SessionPage;
import io.vdi.operator.gate.api.SessionView;
import io.vdi.operator.gate.api.SessionView.Action;
import io.vdi.operator.gate.api.SharedView;
import io.vdi.operator.gate.api.SharingView;
import io.vdi.operator.gate.api.StartRequest;
import io.vdi.operator.gate.api.StartStep;
import io.vdi.operator.gate.api.StepName;
import io.vdi.operator.gate.api.Subscription;
import io.vdi.operator.gate.api.Target;
import io.vdi.operator.gate.api.TemplateCard;
import io.vdi.operator.gate.api.Timers;
import io.vdi.operator.gate.api.UsageQuery;
import io.vdi.operator.gate.api.UsageView;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;

/** Desktops without a cluster, for tests of the pages. The test decides how far a start is. */
public final class InMemoryDesktops implements Desktops {
  private record Watch(SessionKey key, SessionListener listener) {}

  private final Map<SessionKey, SessionView> sessions = new ConcurrentHashMap<>();
  private final Map<String, TemplateCard> templates = new ConcurrentHashMap<>();
  private final List<Notice> notices = new CopyOnWriteArrayList<>();
  private final List<HomeView> homes = new CopyOnWriteArrayList<>();
  private final List<UsageView.Line> usage = new CopyOnWriteArrayList<>();
  private final List<VdiUsage.Spec> use = new CopyOnWriteArrayList<>();
  private final List<GpuBudgets.Budget> budgets = new CopyOnWriteArrayList<>();
  private final List<Watch> watches = new CopyOnWriteArrayList<>();
  private volatile Optional<String> failure = Optional.empty();
  private volatile boolean isBroken;

  /** Every call fails with this message from now on; empty: none does. */
  public void fail(Optional<String> message) {
    failure = message;
  }

  /** Reading a session throws from now on, as a defect would. */
  public void breakDown() {
    isBroken = true;
  }

  /** Offers a template to everybody. */
  public void offer(TemplateCard template) {
    templates.put(template.name(), template);
  }

  /** Adds or replaces a session. */
  public void put(SessionView session) {
    sessions.put(session.key(), session);
    watches.stream()
        .filter(watch -> watch.key().equals(session.key()))
        .forEach(watch -> watch.listener().changed(session));
  }

  /** Changes a session. */
  public void update(SessionKey key, UnaryOperator<SessionView> change) {
    put(change.apply(sessions.get(key)));
  }

  /** Removes a session. */
  public void remove(SessionKey key) {
    sessions.remove(key);
    watches.stream()
        .filter(watch -> watch.key().equals(key))
        .forEach(watch -> watch.listener().ended());
  }

  /** Tells the user of a session something. */
  public void tell(Notice notice) {
    notices.add(notice);
  }

  public void addHome(HomeView home) {
    homes.add(home);
  }

  public void addUsage(UsageView.Line line) {
    usage.add(line);
  }

  /** A desktop that ran. */
  public void addUse(VdiUsage.Spec interval) {
    use.add(interval);
  }

  public void addBudget(GpuBudgets.Budget budget) {
    budgets.add(budget);
  }

  public List<SessionKey> keys() {
    return List.copyOf(sessions.keySet());
  }

  public SessionView get(SessionKey key) {
    return sessions.get(key);
  }

  /** How many pages follow a session. */
  public int watchers() {
    return watches.size();
  }

  /** A template as the tests use it. */
  public static TemplateCard template(
      String name, String title, String description, Optional<String> icon, Optional<String> full) {
    return new TemplateCard(
        name,
        title,
        description,
        icon,
        new TemplateCard.Limits(
            OptionalLong.of(2), Optional.of("16Gi"), Optional.empty(), Optional.of("50Gi")),
        1,
        "4Gi",
        "2",
        Optional.of("10Gi"),
        Duration.ofHours(8),
        Optional.of(Duration.ofHours(12)),
        Optional.of(Duration.ofMinutes(30)),
        new TemplateCard.Left(
            OptionalLong.of(3),
            full.isPresent() ? OptionalLong.of(0) : OptionalLong.of(1),
            OptionalLong.of(40L << 30),
            full,
            false));
  }

  /** A home of alice that no session uses. */
  public static HomeView retainedHome(
      String name, Optional<Instant> releasedAt, Optional<Instant> deletedAt) {
    return new HomeView(
        new SessionKey("desks", name),
        "vdi-data-" + name,
        "uid-home",
        "alice@example.com",
        true,
        "10Gi",
        Optional.of("ubuntu"),
        true,
        releasedAt,
        deletedAt);
  }

  /** A session that waits for a place. */
  public static SessionView session(
      String namespace, String name, String user, boolean isOwn, Instant now) {
    return new SessionView(
        new SessionKey(namespace, name),
        "uid-" + name,
        "1",
        user,
        isOwn,
        "ubuntu",
        "Ubuntu workstation",
        Optional.of("desktop"),
        Phase.PENDING,
        "",
        Optional.empty(),
        Optional.empty(),
        false,
        false,
        1,
        "4Gi",
        "2",
        Optional.of("10Gi"),
        ReclaimPolicy.DELETE,
        steps(0),
        new Timers(
            Optional.empty(),
            Duration.ofHours(8),
            Optional.of(Duration.ofHours(12)),
            Optional.empty(),
            Optional.empty(),
            Optional.of(Duration.ofMinutes(30)),
            Optional.empty(),
            IdleAction.SUSPEND,
            Optional.empty()),
        now,
        0,
        EnumSet.of(Action.DELETE, Action.SUSPEND),
        SharingView.NONE);
  }

  /** The steps of which the first ones are done and the next one is in progress. */
  public static List<StartStep> steps(int done) {
    List<StartStep> steps = new ArrayList<>();
    for (StepName name : StepName.values()) {
      StartStep.State state =
          steps.size() < done
              ? StartStep.State.DONE
              : steps.size() == done ? StartStep.State.ACTIVE : StartStep.State.WAITING;
      String message =
          state == StartStep.State.ACTIVE && name == StepName.IMAGE
              ? "pulling image desktop:0.1.0"
              : "";
      steps.add(new StartStep(name, state, message, Optional.empty()));
    }
    return steps;
  }

  /** The same session with other values. */
  public static SessionView with(
      SessionView s,
      Phase phase,
      String message,
      Optional<CauseView> cause,
      List<StartStep> steps) {
    Set<Action> actions =
        switch (phase) {
          case RUNNING ->
              EnumSet.of(
                  Action.OPEN,
                  Action.SUSPEND,
                  Action.EXTEND,
                  Action.SHARE,
                  Action.LINK,
                  Action.DELETE);
          case SUSPENDED -> EnumSet.of(Action.RESUME, Action.DELETE);
          case PENDING, CREATING, FAILED -> EnumSet.of(Action.SUSPEND, Action.DELETE);
          case TERMINATING -> EnumSet.noneOf(Action.class);
        };
    boolean isRunning = phase == Phase.RUNNING;
    Instant started = s.createdAt();
    Timers timers =
        RecordCopy.with(
            s.timers(),
            Map.of(
                "startedAt",
                isRunning ? Optional.of(started) : Optional.empty(),
                "endsAt",
                isRunning ? Optional.of(started.plus(s.timers().timeout())) : Optional.empty(),
                "lastActivityAt",
                Optional.empty(),
                "sleepsAt",
                Optional.empty()));
    return RecordCopy.with(
        s,
        Map.of(
            "version", s.version() + "1",
            "phase", phase,
            "message", message,
            "cause", cause,
            "url",
                isRunning
                    ? Optional.of(URI.create("https://" + s.key().name() + ".vdi.example.com"))
                    : Optional.empty(),
            "isSuspended", phase == Phase.SUSPENDED,
            "isDeleting", phase == Phase.TERMINATING,
            "steps", steps,
            "timers", timers,
            "actions", actions));
  }

  /** The same session, running. */
  public static SessionView running(SessionView session) {
    return with(session, Phase.RUNNING, "", Optional.empty(), steps(StepName.values().length));
  }

  /** The same session for another reader. */
  private static SessionView asSeenBy(SessionView s, ApiUser caller) {
    return RecordCopy.with(s, Map.of("isOwn", s.user().equals(caller.email())));
  }

  private <T> Outcome<T> unlessFailing(T value) {
    return failure
        .<Outcome<T>>map(Outcome.Unavailable::new)
        .orElseGet(() -> new Outcome.Done<>(value));
  }

  private static boolean sees(ApiUser caller, SessionView session) {
    return caller.isAdmin() || session.user().equals(caller.email());
  }

  @Override
  public Outcome<MeView> me(ApiUser caller) {
    return unlessFailing(
        new MeView(caller.email(), caller.email(), caller.groups(), caller.isAdmin(), "desks"));
  }

  @Override
  public Outcome<List<TemplateCard>> templates(ApiUser caller) {
    return unlessFailing(
        templates.values().stream()
            .sorted(Comparator.comparing(TemplateCard::displayName))
            .toList());
  }

  @Override
  public Outcome<SessionPage> sessions(ApiUser caller, SessionFilter filter) {
    List<SessionView> found =
        sessions.values().stream()
            .filter(session -> sees(caller, session))
            .filter(session -> !filter.own() || session.user().equals(caller.email()))
            .filter(session -> filter.user().filter(u -> !session.user().contains(u)).isEmpty())
            .filter(
                session -> filter.phases().isEmpty() || filter.phases().contains(session.phase()))
            .sorted(Comparator.comparing(session -> session.key().toString()))
            .map(session -> asSeenBy(session, caller))
            .toList();
    return unlessFailing(new SessionPage(found, Optional.empty(), found.size()));
  }

  @Override
  public Outcome<List<Notice>> notices(ApiUser caller) {
    return unlessFailing(
        notices.stream().filter(notice -> notice.user().equals(caller.email())).toList());
  }

  @Override
  public Outcome<SessionView> session(ApiUser caller, SessionKey key) {
    if (isBroken) {
      throw new IllegalStateException("a secret of the gate");
    }
    return Optional.ofNullable(sessions.get(key))
        .filter(session -> sees(caller, session))
        .map(session -> unlessFailing(asSeenBy(session, caller)))
        .orElseGet(() -> Outcome.refused(ProblemType.NOT_FOUND, "there is no session " + key));
  }

  @Override
  public Outcome<SessionView> start(ApiUser caller, StartRequest request) {
    TemplateCard template = templates.get(request.template());
    if (template == null) {
      return Outcome.refused(
          ProblemType.INVALID, "Template not found: " + request.template(), "template");
    }
    if (template.left().obstacle().isPresent()) {
      return Outcome.refused(ProblemType.QUOTA_EXCEEDED, template.left().obstacle().get());
    }
    String name = request.name().orElseGet(() -> request.template() + "-" + (sessions.size() + 1));
    SessionView session = session("desks", name, caller.email(), true, Instant.now());
    put(session);
    return unlessFailing(session);
  }

  @Override
  public Outcome<SessionView> change(ApiUser caller, Target target, SessionChange change) {
    return session(caller, target.key())
        .map(session -> {
          List<Share> shares = session.sharing().shares();
          Optional<SessionView> shared =
              change
                  .share()
                  .map(share -> Share.with(shares, share))
                  .or(() -> change.unshare().map(user -> Share.without(shares, user)))
                  .map(after -> sharedWith(session, after));
          if (shared.isPresent()) {
            put(shared.get());
            return shared.get();
          }
          SessionView changed =
              change
                  .suspended()
                  .map(suspended ->
                      suspended
                          ? with(session, Phase.SUSPENDED, "", Optional.empty(), List.of())
                          : with(session, Phase.PENDING, "", Optional.empty(), steps(0)))
                  .orElseGet(() -> extended(session, change.extendBy().orElse(Duration.ZERO)));
          put(changed);
          return changed;
        });
  }

  private static SessionView extended(SessionView s, Duration by) {
    Timers t = s.timers();
    Timers extended =
        RecordCopy.with(
            t,
            Map.of("timeout", t.timeout().plus(by), "endsAt", t.endsAt().map(at -> at.plus(by))));
    return RecordCopy.with(s, Map.of("version", s.version() + "1", "timers", extended));
  }

  private static SessionView sharedWith(SessionView s, List<Share> shares) {
    return RecordCopy.with(
        s,
        Map.of(
            "version",
            s.version() + "1",
            "sharing",
            new SharingView(shares, s.sharing().visitors(), Optional.empty())));
  }

  @Override
  public Outcome<LinkView> createLink(ApiUser caller, Target target, Instant until) {
    LinkCode code = LinkCode.of("uid-1", new byte[LinkCode.SECRET_BYTES]);
    return share(caller, target, new Share(code.user(), ShareRole.VIEW, until))
        .map(session ->
            new LinkView(
                URI.create("https://portal.example.com/link#" + code.text()), code.user(), until));
  }

  @Override
  public Outcome<List<SharedView>> shared(ApiUser caller) {
    return unlessFailing(
        sessions.values().stream()
            .flatMap(session ->
                Share.find(session.sharing().shares(), caller.email(), Instant.now())
                    .map(share ->
                        new SharedView(
                            session.key(),
                            session.user(),
                            session.displayName(),
                            session.icon(),
                            share.role(),
                            share.end(),
                            session.url()))
                    .stream())
            .toList());
  }

  @Override
  public Outcome<SessionView> delete(ApiUser caller, Target target, Optional<ReclaimPolicy> home) {
    return session(caller, target.key())
        .map(session -> {
          remove(target.key());
          if (home.equals(Optional.of(ReclaimPolicy.RETAIN))) {
            addHome(
                new HomeView(
                    target.key(),
                    "vdi-data-" + target.key().name(),
                    "uid-home",
                    session.user(),
                    true,
                    session.homeSize().orElse("10Gi"),
                    Optional.of(session.template()),
                    true,
                    Optional.of(Instant.now()),
                    Optional.of(Instant.now().plus(Duration.ofDays(30)))));
          }
          return session;
        });
  }

  @Override
  public Outcome<List<HomeView>> homes(ApiUser caller) {
    return unlessFailing(
        homes.stream()
            .filter(home -> caller.isAdmin() || home.user().equals(caller.email()))
            .toList());
  }

  @Override
  public Outcome<HomeView> deleteHome(ApiUser caller, SessionKey session) {
    Optional<HomeView> found =
        homes.stream().filter(home -> home.key().equals(session)).findFirst();
    found.ifPresent(homes::remove);
    return found
        .map(this::unlessFailing)
        .orElseGet(() -> Outcome.refused(ProblemType.NOT_FOUND, "there is no home " + session));
  }

  @Override
  public Outcome<UsageView> usage(ApiUser caller) {
    List<UsageView.Line> lines = new ArrayList<>(usage);
    lines.add(
        new UsageView.Line(
            QuotaScope.USER,
            caller.email(),
            QuotaResource.SESSIONS,
            sessions.values().stream().filter(s -> s.user().equals(caller.email())).count(),
            OptionalLong.of(4)));
    return unlessFailing(new UsageView(lines));
  }

  @Override
  public Outcome<UsageReport> usageHistory(ApiUser caller, UsageQuery query) {
    UsageReport report =
        new UsageReport(
            query.by(),
            new UsagePeriod(
                query.from().map(InMemoryDesktops::day).orElse(Instant.EPOCH),
                query.to().map(InMemoryDesktops::day).orElseGet(Instant::now),
                ZoneOffset.UTC));
    use.stream()
        .filter(interval -> caller.isAdmin() || interval.user().equals(caller.email()))
        .forEach(report::add);
    return unlessFailing(report);
  }

  private static Instant day(String date) {
    return LocalDate.parse(date).atStartOfDay(ZoneOffset.UTC).toInstant();
  }

  @Override
  public Outcome<BudgetsView> budgets(ApiUser caller) {
    YearMonth month = YearMonth.now(ZoneOffset.UTC);
    return unlessFailing(
        new BudgetsView(month, day(month.plusMonths(1).atDay(1).toString()), budgets));
  }

  @Override
  public Outcome<DiagnosisView> diagnose(ApiUser caller, SessionKey key) {
    return session(caller, key)
        .map(session ->
            new DiagnosisView(
                key,
                Instant.now(),
                List.of(
                    new DiagnosisView.Check(
                        "namespace",
                        Layer.CONTROL_PLANE,
                        "The API server answers",
                        DiagnosisView.Result.PASSED,
                        "version v1.34.1",
                        Optional.empty()),
                    new DiagnosisView.Check(
                        "placed",
                        Layer.INFRASTRUCTURE,
                        "The pod has a node",
                        DiagnosisView.Result.FAILED,
                        "0/3 nodes are available: 3 Insufficient nvidia.com/gpu.",
                        Optional.of(CauseView.of(KnownCause.GPU_EXHAUSTED, Map.of()))),
                    new DiagnosisView.Check(
                        "node",
                        Layer.DATA_PLANE,
                        "The clocks agree",
                        DiagnosisView.Result.WARNING,
                        "40 s apart",
                        Optional.of(CauseView.of(KnownCause.CLOCKS_APART, Map.of()))),
                    new DiagnosisView.Check(
                        "selkies",
                        Layer.DATA_PLANE,
                        "The desktop answers",
                        DiagnosisView.Result.SKIPPED,
                        "the pod has no node",
                        Optional.empty()))));
  }

  @Override
  public Outcome<Subscription> watch(ApiUser caller, SessionKey key, SessionListener listener) {
    return session(caller, key)
        .map(session -> {
          Watch watch = new Watch(key, listener);
          watches.add(watch);
          listener.changed(session);
          return () -> watches.remove(watch);
        });
  }
}
