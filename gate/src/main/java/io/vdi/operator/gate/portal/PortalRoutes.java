package io.vdi.operator.gate.portal;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.vdi.operator.common.model.Durations;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ReclaimPolicy;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.Share;
import io.vdi.operator.common.model.ShareRole;
import io.vdi.operator.gate.api.ApiUser;
import io.vdi.operator.gate.api.BudgetsView;
import io.vdi.operator.gate.api.Desktops;
import io.vdi.operator.gate.api.HomeView;
import io.vdi.operator.gate.api.Outcome;
import io.vdi.operator.gate.api.ProblemType;
import io.vdi.operator.gate.api.SessionFilter;
import io.vdi.operator.gate.api.SessionPage;
import io.vdi.operator.gate.api.SessionView;
import io.vdi.operator.gate.api.StartRequest;
import io.vdi.operator.gate.api.Subscription;
import io.vdi.operator.gate.api.Target;
import io.vdi.operator.gate.api.TemplateCard;
import io.vdi.operator.gate.http.Assets;
import io.vdi.operator.gate.http.CookieHeader;
import io.vdi.operator.gate.http.Form;
import io.vdi.operator.gate.http.Page;
import io.vdi.operator.gate.http.ReturnPath;
import io.vdi.operator.gate.http.Templates;
import io.vdi.operator.gate.portal.view.HomeLine;
import io.vdi.operator.gate.portal.view.Message;
import io.vdi.operator.gate.portal.view.NoticeLine;
import io.vdi.operator.gate.portal.view.Paths;
import io.vdi.operator.gate.portal.view.SessionCard;
import io.vdi.operator.gate.portal.view.Shell;
import io.vdi.operator.gate.portal.view.Texts;
import io.vdi.operator.gate.portal.view.UsageChoice;
import io.vdi.operator.gate.portal.view.UsageTable;
import io.vdi.operator.gate.portal.view.Views;
import io.vdi.operator.gate.signin.SignIn;
import io.vdi.operator.gate.signin.SignInSessions;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.InstantSource;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The pages of the portal. Each works without JavaScript: a button posts a form, and the answer is
 * a redirect to the page that shows the result. docs/decisions/portal-pages.md explains how.
 *
 * <p>It answers every path that no other service of the portal answers, so it has to be registered
 * last.
 */
public final class PortalRoutes implements HttpService, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PortalRoutes.class);
  private static final HeaderName BUFFERING = HeaderNames.create("X-Accel-Buffering");
  private static final String SESSION = Paths.SESSIONS + "/{namespace}/{name}";
  private static final String HOME = Paths.HOMES + "/{namespace}/{name}";

  /** Names of namespaces and sessions. */
  private static final Pattern NAME = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");

  private static final Pattern TEMPLATE = Pattern.compile("[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?");
  private static final int PAGE_SIZE = 60;
  private static final Duration HEARTBEAT = Duration.ofSeconds(15);

  /** Routers and browsers end connections of unknown age. */
  private static final Duration STREAM_LIFETIME = Duration.ofMinutes(30);

  private static final Duration MAX_EXTENSION = Duration.ofHours(24);
  private static final Duration MAX_SHARE = Duration.ofHours(24);

  private final SignInSessions sessions;
  private final BiFunction<ServerRequest, SignIn, ApiUser> callers;
  private final Desktops desktops;
  private final boolean wakeOnVisit;
  private final ZoneId usageZone;
  private final InstantSource clock;
  private final Streams streams;

  /**
   * @param callers the user of a request with this sign-in
   * @param wakeOnVisit whether a visit of a user's own desktop that sleeps resumes it
   * @param usageZone in which the months of usage begin
   * @param clock that of the API server
   */
  public PortalRoutes(
      SignInSessions sessions,
      BiFunction<ServerRequest, SignIn, ApiUser> callers,
      Desktops desktops,
      boolean wakeOnVisit,
      ZoneId usageZone,
      InstantSource clock) {
    this(sessions, callers, desktops, wakeOnVisit, usageZone, clock, HEARTBEAT);
  }

  PortalRoutes(
      SignInSessions sessions,
      BiFunction<ServerRequest, SignIn, ApiUser> callers,
      Desktops desktops,
      boolean wakeOnVisit,
      ZoneId usageZone,
      InstantSource clock,
      Duration heartbeat) {
    this.sessions = sessions;
    this.callers = callers;
    this.desktops = desktops;
    this.wakeOnVisit = wakeOnVisit;
    this.usageZone = usageZone;
    this.clock = clock;
    this.streams = new Streams(heartbeat);
  }

  @Override
  public void routing(HttpRules rules) {
    rules
        .get(Assets.PATH + "{file}", PortalRoutes::asset)
        // Browsers ask for it on pages that name no icon.
        .get(
            "/favicon.ico",
            (request, response) -> Page.redirect(response, Assets.CURRENT.address(Assets.FAVICON)))
        .get(Paths.HOME, page(this::home))
        .post(Paths.SESSIONS, form(this::start))
        .get(SESSION, page(this::session))
        .get(SESSION + "/open", page(this::open))
        .get(SESSION + "/events", this::events)
        .get(SESSION + "/diagnosis", page(this::diagnosis))
        .get(SESSION + "/delete", page(this::confirmDelete))
        .post(SESSION + "/delete", form(this::delete))
        .post(
            SESSION + "/suspend",
            form((visit, form) -> change(visit, form, FlashMessage.SUSPENDED, desktops::suspend)))
        .post(
            SESSION + "/resume",
            form((visit, form) -> change(visit, form, FlashMessage.RESUMED, desktops::resume)))
        .post(SESSION + "/extend", form(this::extend))
        .get(SESSION + "/shares", page(this::shares))
        .post(SESSION + "/shares", form(this::share))
        .post(SESSION + "/shares/end", form(this::unshare))
        .post(SESSION + "/links", form(this::link))
        .get(Paths.HOMES, page(this::homes))
        .get(HOME + "/delete", page(this::confirmDeleteHome))
        .post(HOME + "/delete", form(this::deleteHome))
        .get(Paths.USAGE, page(this::usage))
        .get(Paths.ADMIN, page(this::admin))
        .any(this::unknown);
  }

  /** Ends the streams, whose browsers then connect to another replica. */
  @Override
  public void close() {
    streams.close();
  }

  /** What answers the posted form of a user. */
  @FunctionalInterface
  private interface FormHandler {
    void handle(Visit visit, Form form);
  }

  /** A handler that needs a user who is signed in. */
  private Handler page(Consumer<Visit> handler) {
    return (request, response) -> {
      Optional<SignIn> signIn = sessions.find(CookieHeader.of(request));
      if (signIn.isEmpty()) {
        signedOut(request, response);
        return;
      }
      if (Visit.isByPerson(request)) {
        sessions
            .renewal(signIn.get())
            .ifPresent(cookie -> response.headers().add(HeaderNames.SET_COOKIE, cookie));
      }
      Visit visit = visit(request, response, signIn.get());
      try {
        handler.accept(visit);
      } catch (RuntimeException e) {
        // Helidon would show the message of the exception.
        LOG.error("{} {}", request.prologue().method().text(), request.path().path(), e);
        if (!response.isSent()) {
          visit.failed();
        }
      }
    };
  }

  private Handler form(FormHandler handler) {
    return page(visit ->
        Form.read(visit.request())
            .ifPresentOrElse(form -> handler.handle(visit, form), visit::unreadable));
  }

  private Visit visit(ServerRequest request, ServerResponse response, SignIn signIn) {
    return new Visit(
        request, response, callers.apply(request, signIn), Visit.texts(request), clock.instant());
  }

  private static void signedOut(ServerRequest request, ServerResponse response) {
    String path = request.path().rawPath();
    String query = request.query().rawValue();
    boolean isRead = request.prologue().method().text().equals("GET");
    if (isRead && !path.equals(Paths.HOME) && Visit.isByPerson(request)) {
      Page.redirect(
          response, "/signin?to=" + Paths.segment(query.isEmpty() ? path : path + "?" + query));
      return;
    }
    Texts texts = Visit.texts(request);
    Page.sendHtml(
        response,
        isRead ? Status.OK_200 : Status.UNAUTHORIZED_401,
        Templates.render(
            "pages/signin.jte",
            Map.of("shell", shell(texts, texts.get("signin.title"), path, response))));
  }

  /** Of a page for a visitor who has not signed in. */
  private static Shell shell(Texts texts, String title, String path, ServerResponse response) {
    return new Shell(texts, title, path, Optional.empty(), false, Page.notice(response));
  }

  /** A path that nothing answers; nobody has to sign in to learn that. */
  private void unknown(ServerRequest request, ServerResponse response) {
    Optional<SignIn> signIn = sessions.find(CookieHeader.of(request));
    if (signIn.isPresent()) {
      visit(request, response, signIn.get()).notFound();
      return;
    }
    Texts texts = Visit.texts(request);
    Page.sendHtml(
        response,
        Status.NOT_FOUND_404,
        Templates.render(
            "pages/error.jte",
            Map.of(
                "shell",
                shell(texts, texts.get("error.NOT_FOUND"), request.path().path(), response),
                "message",
                new Message(texts.get("error.notFound"), ""),
                "back",
                Paths.HOME,
                "backText",
                texts.get("error.back"))));
  }

  private static void asset(ServerRequest request, ServerResponse response) {
    Optional<Assets.Found> found = Assets.CURRENT.find(request.path().path());
    if (found.isEmpty()) {
      response.status(Status.NOT_FOUND_404).send();
      return;
    }
    response.headers().set(HeaderNames.CONTENT_TYPE, found.get().contentType());
    response
        .headers()
        .set(
            HeaderNames.CACHE_CONTROL,
            found.get().isCurrent() ? "public, max-age=31536000, immutable" : "no-store");
    response.send(found.get().content());
  }

  private void home(Visit visit) {
    List<String> problems = new ArrayList<>();
    List<SessionView> own =
        value(desktops.sessions(visit.caller(), SessionFilter.ofOwn()), problems)
            .map(SessionPage::sessions)
            .orElse(List.of());
    List<TemplateCard> templates =
        value(desktops.templates(visit.caller()), problems).orElse(List.of());
    // If they cannot be read, neither can the sessions, and the page says so once.
    List<NoticeLine> notices =
        value(desktops.notices(visit.caller()), new ArrayList<>()).orElse(List.of()).stream()
            .map(visit.views()::notice)
            .toList();
    Views views = visit.views();
    visit.send(
        "pages/home.jte",
        visit.texts().get("home.title"),
        Map.of(
            "notice",
            notice(visit),
            "problems",
            problems.stream().map(views::message).toList(),
            "notices",
            notices,
            "sessions",
            own.stream().map(views::card).toList(),
            "shared",
            value(desktops.shared(visit.caller()), problems).orElse(List.of()).stream()
                .map(views::shared)
                .toList(),
            "templates",
            templates.stream().map(views::template).toList()));
  }

  /** The value; what is missing is reported on the page, which shows the other parts. */
  private static <T> Optional<T> value(Outcome<T> outcome, List<String> problems) {
    return switch (outcome) {
      case Outcome.Done<T>(T value) -> Optional.of(value);
      case Outcome.Refused<T>(ProblemType type, String message, Optional<String> field) -> {
        problems.add(message);
        yield Optional.empty();
      }
      case Outcome.Unavailable<T>(String message) -> {
        problems.add(message);
        yield Optional.empty();
      }
    };
  }

  private void start(Visit visit, Form form) {
    Optional<String> template =
        form.get("template").filter(name -> TEMPLATE.matcher(name).matches());
    Optional<String> home = form.get("home");
    if (template.isEmpty() || home.filter(name -> !NAME.matcher(name).matches()).isPresent()) {
      visit.unreadable();
      return;
    }
    StartRequest request =
        home.map(name -> StartRequest.withHome(template.get(), name))
            .orElseGet(() -> StartRequest.of(template.get()));
    visit.with(
        desktops.start(visit.caller(), request),
        session -> Page.redirect(visit.response(), Paths.session(session.key())));
  }

  private void session(Visit visit) {
    withSession(
        visit,
        (key, session) ->
            visit.send(
                "pages/session.jte",
                visit.texts().get("session.title", key.name()),
                Map.of("notice", notice(visit), "session", visit.views().details(session))));
  }

  /** The page that waits for a desktop. For a visit it resumes a desktop that sleeps. */
  private void open(Visit visit) {
    Origin.Opening opening =
        new Origin.Opening(query(visit, "path").flatMap(ReturnPath::parse).orElse(ReturnPath.ROOT));
    boolean visited = query(visit, "visit").isPresent();
    withSession(
        visit,
        (key, session) ->
            visit.send(
                "pages/open.jte",
                visit.texts().get("open.title", key.name()),
                Map.of(
                    "notice",
                    notice(visit),
                    "session",
                    visit.views().details(session),
                    "from",
                    opening.text(),
                    "path",
                    opening.path().value(),
                    // An admin who opens the desktop of somebody else decides with a button.
                    "resumes",
                    visited && wakeOnVisit && session.isOwn())));
  }

  private void events(ServerRequest request, ServerResponse response) {
    response.headers().set(HeaderNames.CACHE_CONTROL, "no-store");
    Optional<SignIn> signIn = sessions.find(CookieHeader.of(request));
    Optional<SessionKey> key = key(request);
    if (signIn.isEmpty() || key.isEmpty()) {
      response.status(signIn.isEmpty() ? Status.UNAUTHORIZED_401 : Status.NOT_FOUND_404).send();
      return;
    }
    Visit visit = visit(request, response, signIn.get());
    String user = visit.caller().email();
    Optional<SessionStream> opened = streams.open(user);
    if (opened.isEmpty()) {
      response.status(Status.TOO_MANY_REQUESTS_429).send();
      return;
    }
    SessionStream stream = opened.get();
    try {
      switch (desktops.watch(visit.caller(), key.get(), stream)) {
        case Outcome.Done<Subscription>(Subscription subscription) -> {
          try (subscription) {
            send(visit, stream, Origin.of(query(visit, "from")));
          }
        }
        case Outcome.Refused<Subscription> refused ->
            response.status(Status.create(refused.status())).send();
        case Outcome.Unavailable<Subscription> unavailable ->
            response.status(Status.SERVICE_UNAVAILABLE_503).send();
      }
    } finally {
      streams.closed(user, stream);
    }
  }

  private void send(Visit visit, SessionStream stream, Origin origin) {
    visit.response().headers().set(HeaderNames.CONTENT_TYPE, "text/event-stream");
    // nginx would collect the events otherwise.
    visit.response().headers().set(BUFFERING, "no");
    try (OutputStream out = visit.response().outputStream()) {
      stream.send(
          out,
          session -> live(visit.texts(), session, origin),
          () -> sessions.find(CookieHeader.of(visit.request())).isPresent(),
          STREAM_LIFETIME);
    } catch (IOException | UncheckedIOException e) {
      // The page is closed.
    }
  }

  private String live(Texts texts, SessionView session, Origin origin) {
    return Templates.render(
        "parts/live.jte",
        Map.of(
            "t",
            texts,
            "session",
            new Views(texts, clock.instant()).details(session),
            "from",
            origin.text()));
  }

  private void diagnosis(Visit visit) {
    withKey(
        visit,
        key ->
            visit.with(
                desktops.diagnose(visit.caller(), key),
                diagnosis ->
                    visit.send(
                        "pages/diagnosis.jte",
                        visit.texts().get("diagnosis.title", key.name()),
                        Map.of(
                            "session",
                            Paths.session(key),
                            "at",
                            visit.texts().moment(diagnosis.at()),
                            "checks",
                            diagnosis.checks().stream().map(visit.views()::check).toList()))));
  }

  private void confirmDelete(Visit visit) {
    Origin origin = Origin.of(query(visit, "from"));
    withSession(
        visit,
        (key, session) ->
            visit.send(
                "pages/delete.jte",
                visit.texts().get("delete.title", key.name()),
                Map.of(
                    "session",
                    Paths.session(key),
                    "from",
                    origin.text(),
                    "back",
                    origin.path(key),
                    "home",
                    session.homeSize(),
                    "keeps",
                    session.reclaimPolicy() == ReclaimPolicy.RETAIN)));
  }

  private void delete(Visit visit, Form form) {
    Optional<ReclaimPolicy> home =
        form.get("home")
            .flatMap(text ->
                Arrays.stream(ReclaimPolicy.values())
                    .filter(policy -> policy.text().equalsIgnoreCase(text))
                    .findFirst());
    submit(
        visit,
        key -> desktops.delete(visit.caller(), Target.of(key), home),
        key -> FlashMessage.DELETED.on(Origin.of(form.get("from")).afterDelete()));
  }

  private void extend(Visit visit, Form form) {
    Optional<Duration> by =
        form.get("by")
            .flatMap(Durations::parse)
            .filter(duration -> duration.compareTo(MAX_EXTENSION) <= 0);
    if (by.isEmpty()) {
      visit.unreadable();
      return;
    }
    change(
        visit,
        form,
        FlashMessage.EXTENDED,
        (caller, target) -> desktops.extend(caller, target, by.get()));
  }

  private void change(
      Visit visit,
      Form form,
      FlashMessage notice,
      BiFunction<ApiUser, Target, Outcome<SessionView>> change) {
    submit(
        visit,
        key -> change.apply(visit.caller(), Target.of(key)),
        key -> notice.on(Origin.of(form.get("from")).path(key)));
  }

  private void shares(Visit visit) {
    withSession(
        visit,
        (key, session) ->
            visit.send(
                "pages/shares.jte",
                visit.texts().get("shares.title", key.name()),
                Map.of(
                    "notice",
                    notice(visit),
                    "session",
                    visit.views().card(session),
                    "shares",
                    session.sharing().shares().stream().map(visit.views()::share).toList(),
                    "times",
                    visit.views().shareTimes(),
                    "linkTimes",
                    session.actions().contains(SessionView.Action.LINK)
                        ? visit.views().linkTimes()
                        : List.of(),
                    "obstacle",
                    session.sharing().viewObstacle().map(visit.views()::obstacle))));
  }

  private void share(Visit visit, Form form) {
    Optional<ShareRole> role = form.get("role").flatMap(ShareRole::of);
    Optional<Duration> time = form.get("time").flatMap(Durations::parse);
    if (form.get("user").isEmpty()
        || role.isEmpty()
        || (form.get("time").isPresent()
            && time.filter(found -> found.compareTo(MAX_SHARE) <= 0).isEmpty())) {
      visit.unreadable();
      return;
    }
    Share share =
        new Share(
            form.get("user").get(),
            role.get(),
            time.map(visit.now().truncatedTo(ChronoUnit.SECONDS)::plus).orElse(null));
    submit(
        visit,
        key -> desktops.share(visit.caller(), Target.of(key), share),
        key -> FlashMessage.SHARED.on(Paths.shares(key)));
  }

  /** The answer is the page with the link: a redirect would need it in an address. */
  private void link(Visit visit, Form form) {
    Optional<Duration> time =
        form.get("time")
            .flatMap(Durations::parse)
            .filter(found -> found.compareTo(Share.MAX_LINK) <= 0);
    if (time.isEmpty()) {
      visit.unreadable();
      return;
    }
    withKey(
        visit,
        key ->
            visit.with(
                desktops.createLink(
                    visit.caller(),
                    Target.of(key),
                    visit.now().truncatedTo(ChronoUnit.SECONDS).plus(time.get())),
                link ->
                    visit.send(
                        "pages/newlink.jte",
                        visit.texts().get("links.title", key.name()),
                        Map.of(
                            "back",
                            Paths.shares(key),
                            "link",
                            link.url().toString(),
                            "until",
                            visit.texts().moment(link.until())))));
  }

  private void unshare(Visit visit, Form form) {
    if (form.get("user").isEmpty()) {
      visit.unreadable();
      return;
    }
    submit(
        visit,
        key -> desktops.unshare(visit.caller(), Target.of(key), form.get("user").get()),
        key -> FlashMessage.UNSHARED.on(Paths.shares(key)));
  }

  private void homes(Visit visit) {
    visit.with(
        desktops.homes(visit.caller()),
        homes -> {
          Set<String> templates =
              value(desktops.templates(visit.caller()), new ArrayList<>())
                  .orElse(List.of())
                  .stream()
                  .map(TemplateCard::name)
                  .collect(Collectors.toSet());
          Map<Boolean, List<HomeLine>> byRetained =
              homes.stream()
                  .collect(
                      Collectors.partitioningBy(
                          HomeView::isRetained,
                          Collectors.mapping(
                              home -> visit.views().home(home, templates), Collectors.toList())));
          visit.send(
              "pages/homes.jte",
              visit.texts().get("homes.title"),
              Map.of(
                  "notice",
                  notice(visit),
                  "retained",
                  byRetained.get(true),
                  "used",
                  byRetained.get(false)));
        });
  }

  private void confirmDeleteHome(Visit visit) {
    withKey(
        visit,
        key ->
            visit.send(
                "pages/deletehome.jte",
                visit.texts().get("homes.deleteTitle", key.name()),
                Map.of("path", Paths.home(key))));
  }

  private void deleteHome(Visit visit, Form form) {
    submit(
        visit,
        key -> desktops.deleteHome(visit.caller(), key),
        key -> FlashMessage.HOME_DELETED.on(Paths.HOMES));
  }

  private void usage(Visit visit) {
    visit.with(
        desktops.usage(visit.caller()),
        usage -> {
          Views views = visit.views();
          UsageChoice choice =
              UsageChoice.of(
                  query(visit, "by"),
                  query(visit, "month"),
                  YearMonth.from(visit.now().atZone(usageZone)),
                  visit.caller().isAdmin());
          List<String> problems = new ArrayList<>();
          Optional<BudgetsView> budgets = value(desktops.budgets(visit.caller()), problems);
          Optional<UsageTable> past =
              value(desktops.usageHistory(visit.caller(), choice.query()), problems)
                  .map(report -> views.past(report, choice));
          visit.send(
              "pages/usage.jte",
              visit.texts().get("usage.title"),
              Map.of(
                  "problems",
                  // Both parts read the same objects.
                  problems.stream().distinct().map(views::message).toList(),
                  "lines",
                  usage.lines().stream().map(views::usage).toList(),
                  "budgets",
                  budgets.map(BudgetsView::budgets).orElse(List.of()).stream()
                      .map(views::budget)
                      .toList(),
                  "renewal",
                  budgets.map(view -> views.renewal(view.month())).orElse(""),
                  "past",
                  past));
        });
  }

  private void admin(Visit visit) {
    if (!visit.caller().isAdmin()) {
      visit.notFound();
      return;
    }
    Optional<String> user = query(visit, "user");
    Optional<String> namespace = query(visit, "namespace");
    Optional<String> template = query(visit, "template");
    Optional<Phase> phase =
        query(visit, "phase")
            .flatMap(text ->
                Arrays.stream(Phase.values()).filter(p -> p.text().equals(text)).findFirst());
    SessionFilter filter =
        new SessionFilter(
            false,
            user,
            namespace,
            template,
            phase.map(Set::of).orElse(Set.of()),
            PAGE_SIZE,
            query(visit, "after"));
    visit.with(
        desktops.sessions(visit.caller(), filter),
        page -> {
          Map<String, Object> values = new HashMap<>();
          values.put("notice", notice(visit));
          values.put("user", user.orElse(""));
          values.put("namespace", namespace.orElse(""));
          values.put("template", template.orElse(""));
          values.put("phase", phase.map(Phase::text).orElse(""));
          values.put(
              "phases",
              Arrays.stream(Phase.values())
                  .map(
                      p -> new SessionCard.Choice(p.text(), visit.texts().get("phase." + p.name())))
                  .toList());
          values.put("total", page.total());
          values.put("next", page.next().map(after -> nextPage(filter, after)));
          values.put("sessions", page.sessions().stream().map(visit.views()::card).toList());
          visit.send("pages/admin.jte", visit.texts().get("admin.title"), values);
        });
  }

  private static String nextPage(SessionFilter filter, String after) {
    StringBuilder address =
        new StringBuilder(Paths.ADMIN).append("?after=").append(Paths.segment(after));
    filter.user().ifPresent(text -> address.append("&user=").append(Paths.segment(text)));
    filter.namespace().ifPresent(text -> address.append("&namespace=").append(Paths.segment(text)));
    filter.template().ifPresent(text -> address.append("&template=").append(Paths.segment(text)));
    filter.phases().forEach(phase -> address.append("&phase=").append(phase.text()));
    return address.toString();
  }

  private static Optional<String> notice(Visit visit) {
    return FlashMessage.in(query(visit, "done"));
  }

  private static Optional<String> query(Visit visit, String name) {
    return visit
        .request()
        .query()
        .first(name)
        .asOptional()
        .map(String::strip)
        .filter(text -> !text.isEmpty());
  }

  private static void withKey(Visit visit, Consumer<SessionKey> next) {
    key(visit.request()).ifPresentOrElse(next, visit::notFound);
  }

  /**
   * Changes what the path names.
   *
   * @param next where the browser goes after that
   */
  private static <T> void submit(
      Visit visit, Function<SessionKey, Outcome<T>> change, Function<SessionKey, String> next) {
    withKey(
        visit,
        key ->
            visit.with(
                change.apply(key), done -> Page.redirect(visit.response(), next.apply(key))));
  }

  /** The session of the path, as the caller sees it. */
  private void withSession(Visit visit, BiConsumer<SessionKey, SessionView> next) {
    withKey(
        visit,
        key ->
            visit.with(
                desktops.session(visit.caller(), key), session -> next.accept(key, session)));
  }

  /** The session of the path; empty if it cannot be one. */
  private static Optional<SessionKey> key(ServerRequest request) {
    String namespace = request.path().pathParameters().get("namespace");
    String name = request.path().pathParameters().get("name");
    return NAME.matcher(namespace).matches() && NAME.matcher(name).matches()
        ? Optional.of(new SessionKey(namespace, name))
        : Optional.empty();
  }
}
