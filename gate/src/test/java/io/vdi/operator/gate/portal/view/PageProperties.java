package io.vdi.operator.gate.portal.view;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.model.IdleAction;
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
import io.vdi.operator.gate.api.CauseView;
import io.vdi.operator.gate.api.DiagnosisView;
import io.vdi.operator.gate.api.HomeView;
import io.vdi.operator.gate.api.SessionView;
import io.vdi.operator.gate.api.SessionView.Action;
import io.vdi.operator.gate.api.SharedView;
import io.vdi.operator.gate.api.SharingView;
import io.vdi.operator.gate.api.StartStep;
import io.vdi.operator.gate.api.StepName;
import io.vdi.operator.gate.api.TemplateCard;
import io.vdi.operator.gate.api.Timers;
import io.vdi.operator.gate.api.UsageView;
import io.vdi.operator.gate.http.Templates;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Label;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Attribute;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.Element;

/**
 * Every text that comes from objects of the cluster can contain markup. The pages have the same
 * elements and the same attributes whatever the texts are: then nothing arrives unescaped.
 */
class PageProperties {
  private static final Instant NOW = Instant.parse("2026-01-02T08:00:00Z");

  @Provide
  Arbitrary<String> texts() {
    Arbitrary<String> hostile =
        Arbitraries.of(
            "<script>alert(1)</script>",
            "\"><img src=x onerror=alert(1)>",
            "' onfocus='alert(1)",
            "</title><svg onload=alert(1)>",
            "</textarea></select></noscript><b>",
            "--><script>x</script><!--",
            "{{7*7}}${7*7}<%= 7*7 %>",
            "&lt;script&gt;&#x3c;",
            "javascript:alert(1)",
            "`${alert(1)}`",
            "\u2028\u2029\u202e\u0000\ufeff",
            "a\r\nSet-Cookie: x=y",
            "]]></dd></dl><style>*{}</style>",
            "\ud83d\ude00 Öl ß 漢字");
    return Arbitraries.oneOf(hostile, Arbitraries.strings().ofMaxLength(60), joined(hostile))
        // An empty text leaves out an element, and that is meant so.
        .map(text -> "x" + text);
  }

  private static Arbitrary<String> joined(Arbitrary<String> parts) {
    return parts.list().ofMaxSize(4).map(list -> String.join("", list));
  }

  @Property(tries = 150)
  @Label("whatever the texts are, every page has the same elements and attributes")
  void structure(@ForAll("texts") String text, @ForAll boolean german) {
    Texts language = Texts.of(german ? "de" : "en");
    Map<String, String> harmless = pages(language, "x");
    pages(language, text)
        .forEach((page, html) ->
            assertThat(structure(html)).as(page).isEqualTo(structure(harmless.get(page))));
  }

  @Property(tries = 50)
  @Label("a text arrives as it is")
  void content(@ForAll("texts") String text) {
    Document page = Jsoup.parse(pages(Texts.of("en"), text).get("session"));
    assertThat(page.select("dd").eachText().stream().map(PageProperties::visible))
        .contains(visible(text));
    assertThat(visible(page.title())).startsWith(visible(text));
  }

  /** Without what HTML does not keep: white space, control characters, halves of characters. */
  private static String visible(String text) {
    return text.codePoints()
        .filter(c ->
            !Character.isWhitespace(c)
                && !Character.isSpaceChar(c)
                && !Character.isISOControl(c)
                && Character.getType(c) != Character.SURROGATE
                && Character.getType(c) != Character.FORMAT
                && c != 0xFFFD)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  /** The names of all elements and attributes, in their order, and the values that can act. */
  private static String structure(String html) {
    Document document = Jsoup.parse(html);
    return document.getAllElements().stream()
        .map(element -> element.normalName() + attributes(element))
        .collect(Collectors.joining("\n"));
  }

  private static String attributes(Element element) {
    return element.attributes().asList().stream()
        .map(Attribute::getKey)
        .map(name ->
            name
                + (name.equals("href") || name.equals("action") || name.equals("src")
                    ? "=" + beginning(element.attr(name))
                    : ""))
        .toList()
        .toString();
  }

  /** Scheme or first segment of an address: no text changes where it leads. */
  private static String beginning(String address) {
    int end = address.startsWith("/") ? address.indexOf('/', 1) : address.indexOf(':');
    return end < 0 ? "/" : address.substring(0, end);
  }

  private static Map<String, String> pages(Texts t, String x) {
    Views views = new Views(t, NOW);
    Shell shell = new Shell(t, x, "/" + x, Optional.of(x), true, Optional.of(x));
    SessionView session = session(x, Phase.RUNNING);
    Optional<String> none = Optional.empty();
    Map<String, String> pages = new HashMap<>(firstPages(t, x));
    pages.put(
        "shares",
        Templates.render(
            "pages/shares.jte",
            Map.of(
                "shell",
                shell,
                "notice",
                none,
                "session",
                views.card(session),
                "shares",
                session.sharing().shares().stream().map(views::share).toList(),
                "times",
                views.shareTimes(),
                "linkTimes",
                views.linkTimes(),
                "obstacle",
                Optional.of(views.obstacle(x)))));
    pages.put("link", Templates.render("pages/link.jte", Map.of("shell", shell)));
    pages.put(
        "newlink",
        Templates.render(
            "pages/newlink.jte", Map.of("shell", shell, "back", "/x", "link", x, "until", x)));
    return pages;
  }

  private static SharedView shared(String x, Optional<URI> url) {
    return new SharedView(
        new SessionKey(x, x),
        x,
        x,
        Optional.of(x),
        ShareRole.CONTROL,
        Optional.of(NOW.plusSeconds(60)),
        url);
  }

  private static Map<String, String> firstPages(Texts t, String x) {
    Views views = new Views(t, NOW);
    Shell shell = new Shell(t, x, "/" + x, Optional.of(x), true, Optional.of(x));
    SessionView session = session(x, Phase.RUNNING);
    Optional<String> none = Optional.empty();
    return Map.of(
        "home",
        Templates.render(
            "pages/home.jte",
            Map.of(
                "shell", shell,
                "notice", none,
                "problems", List.of(views.message(x)),
                "notices", List.of(views.notice(notice(x))),
                "sessions", List.of(views.card(session), views.card(session(x, Phase.FAILED))),
                "shared",
                    List.of(
                        views.shared(shared(x, Optional.empty())),
                        views.shared(shared(x, session.url()))),
                "templates",
                    List.of(
                        views.template(template(x, false)), views.template(template(x, true))))),
        "session",
        Templates.render(
            "pages/session.jte",
            Map.of("shell", shell, "notice", none, "session", views.details(session))),
        "failed",
        Templates.render(
            "pages/session.jte",
            Map.of(
                "shell",
                shell,
                "notice",
                none,
                "session",
                views.details(session(x, Phase.FAILED)))),
        "diagnosis",
        Templates.render(
            "pages/diagnosis.jte",
            Map.of(
                "shell",
                shell,
                "session",
                "/sessions/a/b",
                "at",
                x,
                "checks",
                Arrays.stream(DiagnosisView.Result.values())
                    .map(result -> views.check(check(x, result)))
                    .toList())),
        "delete",
        Templates.render(
            "pages/delete.jte",
            Map.of(
                "shell",
                shell,
                "session",
                "/sessions/a/b",
                "from",
                x,
                "back",
                "/",
                "home",
                Optional.of(x),
                "keeps",
                true)),
        "homes",
        Templates.render(
            "pages/homes.jte",
            Map.of(
                "shell",
                shell,
                "notice",
                none,
                "retained",
                List.of(views.home(home(x, true), Set.of(x))),
                "used",
                List.of(views.home(home(x, false), Set.of())))),
        "usage",
        Templates.render(
            "pages/usage.jte",
            Map.of(
                "shell",
                shell,
                "problems",
                List.of(views.message(x)),
                "renewal",
                x,
                "budgets",
                Arrays.stream(GpuBudgets.Holder.values())
                    .map(holder -> views.budget(new GpuBudgets.Budget(holder, x, 1, 2)))
                    .toList(),
                "past",
                Optional.of(
                    views.past(
                        use(x),
                        UsageChoice.of(
                            Optional.of("template"), Optional.of(x), YearMonth.of(2026, 1), true))),
                "lines",
                Arrays.stream(QuotaScope.values())
                    .map(scope ->
                        views.usage(
                            new UsageView.Line(
                                scope, x, QuotaResource.GPUS, 1, OptionalLong.of(1))))
                    .toList())),
        "admin",
        Templates.render(
            "pages/admin.jte",
            Map.ofEntries(
                Map.entry("shell", shell),
                Map.entry("notice", none),
                Map.entry("user", x),
                Map.entry("namespace", x),
                Map.entry("template", x),
                Map.entry("phase", x),
                Map.entry("phases", List.of(new SessionCard.Choice("Running", x))),
                Map.entry("total", 1),
                Map.entry("next", Optional.of("/admin?after=" + Paths.segment(x))),
                Map.entry("sessions", List.of(views.card(session))))),
        "error",
        Templates.render(
            "pages/error.jte",
            Map.of("shell", shell, "message", views.message(x), "back", "/", "backText", x)),
        "message",
        Templates.render(
            "message.jte",
            Map.of(
                "isStyled",
                true,
                "warning",
                Optional.of(x),
                "language",
                Locale.GERMAN,
                "title",
                x,
                "text",
                x,
                "links",
                List.of())));
  }

  private static UsageReport use(String x) {
    UsageReport report =
        new UsageReport(
            List.of(UsageReport.Dimension.TEMPLATE),
            new UsagePeriod(NOW.minusSeconds(7200), NOW, ZoneOffset.UTC));
    report.add(
        new VdiUsage.Spec(
            new VdiUsage.Session(x, x, x), x, List.of(x), x, null, NOW.minusSeconds(60), null, x));
    return report;
  }

  private static CauseView cause(String x) {
    return new CauseView(x, x, x, x, x, x);
  }

  private static DiagnosisView.Check check(String x, DiagnosisView.Result result) {
    return new DiagnosisView.Check(
        x, io.vdi.operator.common.diagnosis.Layer.DATA_PLANE, x, result, x, Optional.of(cause(x)));
  }

  private static SessionView session(String x, Phase phase) {
    return new SessionView(
        new SessionKey(x, x),
        x,
        x,
        x,
        false,
        x,
        x,
        Optional.of(x),
        phase,
        x,
        Optional.of(cause(x)),
        Optional.of(URI.create("https://desk.example.com/")),
        false,
        false,
        1,
        x,
        x,
        Optional.of(x),
        ReclaimPolicy.RETAIN,
        Stream.of(StepName.values())
            .map(name -> new StartStep(name, StartStep.State.ACTIVE, x, Optional.of(cause(x))))
            .toList(),
        new Timers(
            Optional.of(NOW),
            Duration.ofHours(1),
            Optional.empty(),
            Optional.of(NOW.plusSeconds(60)),
            Optional.empty(),
            Optional.of(Duration.ofMinutes(30)),
            Optional.empty(),
            IdleAction.SUSPEND,
            Optional.of(NOW.plusSeconds(50))),
        NOW,
        1,
        Set.of(Action.values()),
        new SharingView(
            List.of(new Share(x, ShareRole.VIEW, NOW.plusSeconds(1)), new Share(x, null, NOW)),
            Stream.of(SharingView.VisitorRole.values())
                .map(role -> new SharingView.VisitorView(x, role, NOW))
                .toList(),
            Optional.of(x)));
  }

  private static TemplateCard template(String x, boolean isFull) {
    return new TemplateCard(
        x,
        x,
        x,
        Optional.of(x),
        new TemplateCard.Limits(
            OptionalLong.empty(), Optional.empty(), Optional.empty(), Optional.empty()),
        0,
        x,
        x,
        Optional.of(x),
        Duration.ofHours(1),
        Optional.empty(),
        Optional.empty(),
        new TemplateCard.Left(
            OptionalLong.empty(),
            OptionalLong.of(0),
            OptionalLong.of(1L << 30),
            isFull ? Optional.of(x) : Optional.empty(),
            true));
  }

  private static Notice notice(String x) {
    return new Notice(
        x,
        Notice.Kind.NODE_DRAINING,
        x,
        new SessionKey(x, x),
        x,
        x,
        x,
        x,
        NOW,
        NOW.plusSeconds(60));
  }

  private static HomeView home(String x, boolean isRetained) {
    return new HomeView(
        new SessionKey(x, x),
        x,
        x,
        x,
        isRetained,
        x,
        Optional.of(x),
        isRetained,
        Optional.of(NOW),
        Optional.of(NOW));
  }
}
