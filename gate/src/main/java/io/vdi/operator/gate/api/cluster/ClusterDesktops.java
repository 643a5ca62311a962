package io.vdi.operator.gate.api.cluster;

import io.vdi.operator.common.identity.EmailAddress;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.LinkCode;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.model.ReclaimPolicy;
import io.vdi.operator.common.model.ResourceNames;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.Share;
import io.vdi.operator.common.model.ShareRole;
import io.vdi.operator.common.model.TemplateLimits;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.WatchedNamespaces;
import io.vdi.operator.common.notice.Notice;
import io.vdi.operator.common.quota.QuotaRequest;
import io.vdi.operator.common.quota.QuotaScope;
import io.vdi.operator.common.quota.QuotaUsage;
import io.vdi.operator.common.quota.QuotaViolation.QuotaResource;
import io.vdi.operator.common.quota.ResourceAmounts;
import io.vdi.operator.common.usage.UsageReport;
import io.vdi.operator.gate.api.ApiUser;
import io.vdi.operator.gate.api.BudgetsView;
import io.vdi.operator.gate.api.Desktops;
import io.vdi.operator.gate.api.DiagnosisView;
import io.vdi.operator.gate.api.GateMessage;
import io.vdi.operator.gate.api.HomeView;
import io.vdi.operator.gate.api.LinkView;
import io.vdi.operator.gate.api.MeView;
import io.vdi.operator.gate.api.ObjectNames;
import io.vdi.operator.gate.api.Outcome;
import io.vdi.operator.gate.api.ProblemType;
import io.vdi.operator.gate.api.SessionChange;
import io.vdi.operator.gate.api.SessionFilter;
import io.vdi.operator.gate.api.SessionListener;
import io.vdi.operator.gate.api.SessionPage;
import io.vdi.operator.gate.api.SessionView;
import io.vdi.operator.gate.api.SharedView;
import io.vdi.operator.gate.api.StartRequest;
import io.vdi.operator.gate.api.Subscription;
import io.vdi.operator.gate.api.Target;
import io.vdi.operator.gate.api.TemplateCard;
import io.vdi.operator.gate.api.UsageQuery;
import io.vdi.operator.gate.api.UsageView;
import io.vdi.operator.gate.audit.Audit;
import io.vdi.operator.gate.audit.AuditEvent;
import io.vdi.operator.gate.desktop.Visitor;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The desktops of the cluster: who can see what, the audit log, and the calls of {@link
 * SessionWriter} and {@link Homes}.
 */
public final class ClusterDesktops implements Desktops {
  private final KubeClient api;
  private final DesktopCaches caches;
  private final DesktopSettings settings;
  private final WatchedNamespaces watched;
  private final NamespaceStore namespaces;
  private final SessionWriter writer;
  private final Homes homes;
  private final SessionWatches watches;
  private final UsageReader usage;
  private final Guests guests;
  private final Audit audit;
  private final InstantSource clock;
  private final SecureRandom random = new SecureRandom();

  /**
   * What the gate knows of guests.
   *
   * @param visitors who has the desktop of a session open, by its UID
   * @param viewObstacle why guests cannot watch a desktop that runs; empty if they can
   */
  public record Guests(
      Function<String, List<Visitor>> visitors,
      Function<SessionKey, Optional<String>> viewObstacle) {
    /** For lists and watches: whether guests can watch is read from the API server. */
    private Guests fromMemory() {
      return new Guests(visitors, key -> Optional.empty());
    }
  }

  /**
   * @param api with the gate's own permissions
   * @param watched the namespaces that the operator manages
   * @param clock that of the API server
   */
  public ClusterDesktops(
      KubeClient api,
      DesktopCaches caches,
      DesktopSettings settings,
      WatchedNamespaces watched,
      Guests guests,
      Audit audit,
      InstantSource clock) {
    this.api = api;
    this.caches = caches;
    this.settings = settings;
    this.watched = watched;
    this.namespaces = new NamespaceStore(api, settings);
    CallerClients clients = new CallerClients(api, settings);
    this.writer = new SessionWriter(clients, caches, settings, watched, namespaces, clock);
    this.homes = new Homes(clients, caches, settings);
    this.watches = new SessionWatches(this::visibleNow);
    this.usage = new UsageReader(api, settings);
    this.guests = guests;
    this.audit = audit;
    this.clock = clock;
    caches.onChange(watches::changed);
  }

  @Override
  public Outcome<MeView> me(ApiUser caller) {
    return namespaces
        .nameOf(caller.email())
        .map(namespace ->
            new MeView(
                caller.email(),
                settings.userName(caller.email()),
                caller.groups(),
                caller.isAdmin(),
                namespace));
  }

  @Override
  public Outcome<List<TemplateCard>> templates(ApiUser caller) {
    return read(() -> {
      QuotaUsage usage = usage();
      return namespaces
          .nameOf(caller.email())
          .map(namespace ->
              caches.templates().list().stream()
                  .filter(template -> !template.metadata().isDeleting())
                  .filter(template ->
                      TemplateLimits.allows(template.spec(), caller.email(), caller.groups()))
                  .map(template ->
                      TemplateCards.of(
                          template, caller.email(), namespace, settings.quota(), usage))
                  .sorted(
                      Comparator.comparing(
                              (TemplateCard card) -> card.displayName().toLowerCase(Locale.ROOT))
                          .thenComparing(TemplateCard::name))
                  .toList());
    });
  }

  @Override
  public Outcome<SessionPage> sessions(ApiUser caller, SessionFilter filter) {
    return read(() -> {
      Optional<SessionKey> after = Optional.empty();
      if (filter.after().isPresent()) {
        after = PageToken.parse(filter.after().get());
        if (after.isEmpty()) {
          return Outcome.refused(
              ProblemType.BAD_REQUEST, "continue is not from an earlier page", "continue");
        }
      }
      List<VdiSession> all =
          caches.sessions().list().stream()
              .filter(session -> isVisible(caller, session))
              .filter(session -> matches(session, caller, filter))
              .sorted(Comparator.comparing(SessionKey::of))
              .toList();
      Optional<SessionKey> start = after;
      List<VdiSession> rest =
          all.stream()
              .filter(session ->
                  start.filter(key -> SessionKey.of(session).compareTo(key) <= 0).isEmpty())
              .toList();
      List<VdiSession> page = rest.stream().limit(filter.limit()).toList();
      return new Outcome.Done<>(
          new SessionPage(
              page.stream().map(session -> view(session, caller)).toList(),
              rest.size() > page.size()
                  ? Optional.of(PageToken.of(SessionKey.of(page.getLast())))
                  : Optional.empty(),
              all.size()));
    });
  }

  private boolean matches(VdiSession session, ApiUser caller, SessionFilter filter) {
    String user = session.spec().user().toLowerCase(Locale.ROOT);
    return (!filter.own() || settings.isOwn(caller, session.spec().user()))
        && filter.user().filter(part -> !user.contains(part.toLowerCase(Locale.ROOT))).isEmpty()
        && filter.namespace().filter(name -> !name.equals(session.namespace())).isEmpty()
        && filter.template().filter(name -> !name.equals(session.spec().template())).isEmpty()
        && (filter.phases().isEmpty() || filter.phases().contains(view(session, caller).phase()));
  }

  @Override
  public Outcome<SessionView> session(ApiUser caller, SessionKey key) {
    return find(caller, key).map(session -> view(session, caller, guests));
  }

  @Override
  public Outcome<List<Notice>> notices(ApiUser caller) {
    return read(() ->
        new Outcome.Done<>(
            caches.sessions().list().stream()
                .filter(session -> settings.isOwn(caller, session.spec().user()))
                .flatMap(session ->
                    SessionNotices.of(
                        session,
                        caches.template(session),
                        caches.pod(session),
                        settings.warningBefore(),
                        clock.instant())
                        .stream())
                .sorted(Comparator.comparing(Notice::at).reversed().thenComparing(Notice::id))
                .toList()));
  }

  @Override
  public Outcome<SessionView> start(ApiUser caller, StartRequest request) {
    Outcome<VdiSession> created = writer.create(caller, request);
    AuditEvent.Target target =
        switch (created) {
          case Outcome.Done<VdiSession>(VdiSession session) -> target(session);
          case Outcome.Refused<VdiSession> refused -> target(request);
          case Outcome.Unavailable<VdiSession> unavailable -> target(request);
        };
    record(caller, "create", target, created);
    return created.map(session -> view(session, caller));
  }

  @Override
  public Outcome<SessionView> change(ApiUser caller, Target target, SessionChange change) {
    Outcome<VdiSession> found = find(caller, target.key());
    Outcome<VdiSession> changed =
        found
            .flatMap(session -> unchanged(session, target))
            .flatMap(
                session -> writer.change(caller, session, target.version().isPresent(), change));
    record(caller, verb(change), target(found, target.key()), changed);
    return changed.map(session -> view(session, caller));
  }

  private static String verb(SessionChange change) {
    if (change.share().isPresent()) {
      return change.share().get().isLink() ? "link" : "share";
    }
    if (change.unshare().isPresent()) {
      return "unshare";
    }
    return change
        .suspended()
        .map(suspended -> suspended ? "suspend" : "resume")
        .orElseGet(() -> change.extendBy().or(change::timeout).isPresent() ? "extend" : "update");
  }

  @Override
  public Outcome<LinkView> createLink(ApiUser caller, Target target, Instant until) {
    if (settings.linkPage().isEmpty()) {
      return Outcome.refused(ProblemType.FORBIDDEN, GateMessage.LINKS_OFF.text());
    }
    Instant now = clock.instant();
    if (!until.isAfter(now) || until.isAfter(now.plus(Share.MAX_LINK))) {
      return Outcome.refused(
          ProblemType.INVALID, "until must be in the future, and at most 24h from now", "until");
    }
    return find(caller, target.key())
        .flatMap(session -> {
          byte[] secret = new byte[LinkCode.SECRET_BYTES];
          random.nextBytes(secret);
          LinkCode code = LinkCode.of(session.uid(), secret);
          return share(caller, target, new Share(code.user(), ShareRole.VIEW, until))
              .map(changed ->
                  new LinkView(
                      URI.create(code.link(settings.linkPage().get().toString())),
                      code.user(),
                      until));
        });
  }

  @Override
  public Outcome<List<SharedView>> shared(ApiUser caller) {
    return read(() ->
        new Outcome.Done<>(
            caches.sessions().list().stream()
                .flatMap(session ->
                    SessionViews.shared(
                        session, caches.template(session), caller, settings, clock.instant())
                        .stream())
                .sorted(Comparator.comparing(SharedView::owner).thenComparing(SharedView::key))
                .toList()));
  }

  @Override
  public Outcome<SessionView> delete(ApiUser caller, Target target, Optional<ReclaimPolicy> home) {
    Outcome<VdiSession> found = find(caller, target.key());
    Outcome<VdiSession> deleted =
        found
            .flatMap(session -> unchanged(session, target))
            .flatMap(session -> writer.delete(caller, session, home, target.version().isPresent()));
    record(caller, "delete", target(found, target.key()), deleted);
    return deleted.map(session -> view(session, caller));
  }

  @Override
  public Outcome<List<HomeView>> homes(ApiUser caller) {
    return read(() -> new Outcome.Done<>(homes.list(caller)));
  }

  @Override
  public Outcome<HomeView> deleteHome(ApiUser caller, SessionKey session) {
    Optional<PersistentVolumeClaim> claim = homes.find(caller, session);
    Outcome<HomeView> result = read(() -> homes.delete(caller, session, claim));
    record(
        caller,
        "delete",
        new AuditEvent.Target(
            "PersistentVolumeClaim",
            session.namespace(),
            ResourceNames.persistentVolumeClaim(session.name()),
            claim.map(PersistentVolumeClaim::uid).orElse(""),
            ""),
        result);
    return result;
  }

  @Override
  public Outcome<UsageView> usage(ApiUser caller) {
    return read(() ->
        namespaces
            .nameOf(caller.email())
            .map(namespace -> new UsageView(lines(caller, namespace, usage()))));
  }

  @Override
  public Outcome<UsageReport> usageHistory(ApiUser caller, UsageQuery query) {
    return usage.read(caller, query, clock.instant());
  }

  @Override
  public Outcome<BudgetsView> budgets(ApiUser caller) {
    return usage.budgets(caller, clock.instant());
  }

  private List<UsageView.Line> lines(ApiUser caller, String namespace, QuotaUsage usage) {
    List<UsageView.Line> lines = new ArrayList<>();
    for (QuotaScope scope : QuotaScope.values()) {
      for (String name : scopeNames(caller, namespace, scope, usage)) {
        for (QuotaResource resource : QuotaResource.values()) {
          long limit = settings.quota().limit(scope, name).of(resource);
          lines.add(
              new UsageView.Line(
                  scope,
                  name,
                  resource,
                  usage.of(scope, name).of(resource),
                  limit == ResourceAmounts.UNLIMITED
                      ? OptionalLong.empty()
                      : OptionalLong.of(limit)));
        }
      }
    }
    return lines;
  }

  /** Users see their own lines, and no numbers of others. */
  private Set<String> scopeNames(
      ApiUser caller, String namespace, QuotaScope scope, QuotaUsage usage) {
    if (!caller.isAdmin()) {
      return switch (scope) {
        case USER -> Set.of(EmailAddress.key(caller.email()));
        case NAMESPACE -> settings.namespaces().isPerUser() ? Set.of(namespace) : Set.of();
        case TEMPLATE, CLUSTER -> Set.of();
      };
    }
    Set<String> names = new TreeSet<>(usage.all(scope).keySet());
    Optional.ofNullable(settings.quota().limits().get(scope))
        .ifPresent(limits -> names.addAll(limits.exceptions().keySet()));
    if (scope == QuotaScope.CLUSTER) {
      names.add("");
    }
    return names;
  }

  private QuotaUsage usage() {
    QuotaUsage usage = new QuotaUsage();
    caches
        .sessions()
        .list()
        .forEach(session -> usage.add(QuotaRequest.of(session, caches.template(session))));
    caches.homes().list().forEach(usage::add);
    return usage;
  }

  @Override
  public Outcome<DiagnosisView> diagnose(ApiUser caller, SessionKey key) {
    return find(caller, key)
        .map(session ->
            SessionDiagnosis.of(
                session,
                caches.template(session),
                caches.pod(session),
                caches.home(session),
                watched,
                SessionViews.parameters(session, settings),
                clock.instant()));
  }

  @Override
  public Outcome<Subscription> watch(ApiUser caller, SessionKey key, SessionListener listener) {
    return find(caller, key).map(session -> watches.add(caller, session, listener));
  }

  /** Ends all watches. */
  public void close() {
    watches.close();
  }

  /** The session, if the caller can see it. One that is new may not have been reported yet. */
  private Outcome<VdiSession> find(ApiUser caller, SessionKey key) {
    return read(() -> {
      Optional<VdiSession> known = caches.sessions().get(key.namespace(), key.name());
      ApiResult<VdiSession> found =
          known
              .<ApiResult<VdiSession>>map(ApiResult.Ok::new)
              .orElseGet(() ->
                  ObjectNames.isLegal(key) && watched.includes(key.namespace())
                      ? api.get(ResourceType.SESSION, key.namespace(), key.name())
                      : new ApiResult.Rejected<>(404, "NotFound", ""));
      if (found.isNotFound() || found.ok().filter(s -> !isVisible(caller, s)).isPresent()) {
        return Outcome.refused(ProblemType.NOT_FOUND, GateMessage.NO_SESSION.text(key));
      }
      found.ok().filter(session -> known.isEmpty()).ifPresent(caches.sessions()::created);
      return found
          .ok()
          .<Outcome<VdiSession>>map(Outcome.Done::new)
          .orElseGet(() ->
              Failures.unavailable(
                  "session " + key + ": " + found.failure().map(ApiFailure::message).orElse("")));
    });
  }

  private static Outcome<VdiSession> unchanged(VdiSession session, Target target) {
    return target.version().filter(v -> !v.equals(session.metadata().resourceVersion())).isEmpty()
        ? new Outcome.Done<>(session)
        : Outcome.refused(
            ProblemType.PRECONDITION_FAILED,
            "the session has changed since version " + target.version().get() + ": read it again");
  }

  private <T> Outcome<T> read(Supplier<Outcome<T>> reading) {
    return caches.error().<Outcome<T>>map(Outcome.Unavailable::new).orElseGet(reading);
  }

  private boolean isVisible(ApiUser caller, VdiSession session) {
    return caller.isAdmin() || settings.isOwn(caller, session.spec().user());
  }

  private SessionView view(VdiSession session, ApiUser caller) {
    return view(session, caller, guests.fromMemory());
  }

  private SessionView view(VdiSession session, ApiUser caller, Guests known) {
    return SessionViews.of(
        session,
        caches.template(session),
        caches.pod(session),
        caller,
        settings,
        known,
        clock.instant());
  }

  /** The session as it is now, for a watch; empty if it is not the same or cannot be seen. */
  private Optional<SessionView> visibleNow(ApiUser caller, SessionKey key, String uid) {
    return caches
        .sessions()
        .get(key.namespace(), key.name())
        .filter(session -> session.uid().equals(uid))
        .filter(session -> isVisible(caller, session))
        .map(session -> view(session, caller));
  }

  private void record(ApiUser caller, String verb, AuditEvent.Target target, Outcome<?> outcome) {
    String text =
        switch (outcome) {
          case Outcome.Done<?> done -> "done";
          case Outcome.Refused<?> refused -> refused.code() + ": " + refused.message();
          case Outcome.Unavailable<?> unavailable -> "unavailable: " + unavailable.message();
        };
    audit.record(
        new AuditEvent.Acted(
            new AuditEvent.Actor(caller.email(), caller.address(), caller.signInId()),
            verb,
            target,
            text));
  }

  private static AuditEvent.Target target(VdiSession session) {
    return AuditEvent.Target.session(
        SessionKey.of(session), session.uid(), session.spec().template());
  }

  private static AuditEvent.Target target(StartRequest request) {
    return new AuditEvent.Target(
        "VDISession",
        request.namespace().orElse(""),
        request.name().orElse(""),
        "",
        request.template());
  }

  private static AuditEvent.Target target(Outcome<VdiSession> found, SessionKey key) {
    return found instanceof Outcome.Done<VdiSession>(VdiSession session)
        ? target(session)
        : AuditEvent.Target.session(key, "", "");
  }
}
