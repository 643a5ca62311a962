package io.vdi.operator.gate.portal.view;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.model.IdleAction;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.quota.QuotaScope;
import io.vdi.operator.common.quota.QuotaViolation.QuotaResource;
import io.vdi.operator.common.usage.GpuBudgets;
import io.vdi.operator.common.usage.UsageReport.Dimension;
import io.vdi.operator.gate.api.CauseView;
import io.vdi.operator.gate.api.HomeView;
import io.vdi.operator.gate.api.SessionView;
import io.vdi.operator.gate.api.Timers;
import io.vdi.operator.gate.api.UsageQuery;
import io.vdi.operator.gate.api.UsageView;
import io.vdi.operator.gate.portal.InMemoryDesktops;
import io.vdi.operator.gate.portal.RecordCopy;
import io.vdi.operator.gate.portal.view.SessionCard.Choice;
import io.vdi.operator.gate.portal.view.SessionCard.Timer;
import io.vdi.operator.gate.portal.view.SessionCard.Tone;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ViewsTest {
  private static final Instant START = Instant.parse("2026-01-02T08:00:00Z");
  private static final Views VIEWS = new Views(Texts.of("en"), START.plus(Duration.ofHours(5)));
  private static final SessionView WAITING =
      InMemoryDesktops.session("desks", "alice", "alice@example.com", true, START);
  private static final SessionView RUNNING = InMemoryDesktops.running(WAITING);

  @Test
  @DisplayName("a running session says when it ends and when it sleeps, and opens")
  void running() {
    SessionCard card = VIEWS.card(RUNNING);
    assertThat(card.phase()).isEqualTo("Running");
    assertThat(card.tone()).isEqualTo(Tone.GOOD);
    assertThat(card.open()).contains("https://alice.vdi.example.com");
    assertThat(card.timers().stream().map(Timer::text))
        .containsExactly("Ends in 3 h", "Sleeps after 30 min idle");
    assertThat(card.size()).isEqualTo("1 GPU, 2 CPU, 4\u00a0GiB memory");
    assertThat(card.owner()).isEmpty();
    assertThat(VIEWS.details(RUNNING).announcement()).isEqualTo("The desktop is ready.");
    assertThat(VIEWS.details(RUNNING).isStarting()).isFalse();
  }

  @Test
  @DisplayName("the extensions are those that the template allows")
  void extensions() {
    assertThat(VIEWS.card(RUNNING).extensions().stream().map(Choice::value))
        .containsExactly("1h", "2h", "4h");
    assertThat(VIEWS.card(withTimers(RUNNING, Optional.empty(), IdleAction.SUSPEND)).extensions())
        .hasSize(3);
    assertThat(VIEWS.card(WAITING).extensions()).isEmpty();
  }

  @Test
  @DisplayName("an unused session says when it sleeps or is deleted")
  void unused() {
    Instant soon = VIEWS.now().plus(Duration.ofMinutes(12));
    assertThat(lastTimer(soon, IdleAction.SUSPEND)).isEqualTo("Not in use: sleeps in 12 min");
    assertThat(lastTimer(soon, IdleAction.DELETE)).isEqualTo("Not in use: is deleted in 12 min");
    Instant later = VIEWS.now().plus(Duration.ofMinutes(30));
    assertThat(lastTimer(later, IdleAction.DELETE)).isEqualTo("Is deleted after 30 min idle");
    Instant past = VIEWS.now().minusSeconds(5);
    assertThat(lastTimer(past, IdleAction.SUSPEND))
        .isEqualTo("Not in use: sleeps in less than 1 min");
  }

  private static String lastTimer(Instant sleepsAt, IdleAction action) {
    return VIEWS.card(withTimers(RUNNING, Optional.of(sleepsAt), action)).timers().getLast().text();
  }

  private static SessionView withTimers(
      SessionView session, Optional<Instant> sleepsAt, IdleAction action) {
    Timers timers =
        RecordCopy.with(session.timers(), Map.of("sleepsAt", sleepsAt, "idleAction", action));
    return RecordCopy.with(session, Map.of("timers", timers));
  }

  @Test
  @DisplayName("only a web address opens")
  void addresses() {
    for (String url : List.of("javascript:alert(1)", "data:text/html,x", "file:///etc/passwd")) {
      SessionView hostile = RecordCopy.with(RUNNING, Map.of("url", Optional.of(URI.create(url))));
      assertThat(VIEWS.card(hostile).open()).as(url).isEmpty();
    }
  }

  @Test
  @DisplayName("a session that starts says at which step it is")
  void starting() {
    SessionView creating =
        InMemoryDesktops.with(
            WAITING, Phase.CREATING, "", Optional.empty(), InMemoryDesktops.steps(2));
    SessionDetails details = VIEWS.details(creating);
    assertThat(details.isStarting()).isTrue();
    assertThat(details.announcement()).isEqualTo("Starting: Load the image");
    assertThat(details.steps().stream().map(SessionDetails.StepLine::state))
        .containsExactly("done", "done", "in progress", "not yet", "not yet");
    assertThat(details.card().open()).isEmpty();
    assertThat(details.card().tone()).isEqualTo(Tone.BUSY);
  }

  @Test
  @DisplayName("a session that failed shows cause and remedy")
  void failed() {
    CauseView cause = CauseView.of(KnownCause.GPU_EXHAUSTED, Map.of());
    SessionView failed =
        InMemoryDesktops.with(
            WAITING, Phase.FAILED, "no GPU", Optional.of(cause), InMemoryDesktops.steps(0));
    SessionDetails details = VIEWS.details(failed);
    assertThat(details.remedy().orElseThrow().remedy()).contains("Suspend a session");
    assertThat(details.card().tone()).isEqualTo(Tone.BAD);
    assertThat(details.card().canDelete()).isTrue();
  }

  @Test
  @DisplayName("the owner is shown for the sessions of others only")
  void owners() {
    SessionView other = InMemoryDesktops.session("desks", "b", "bob@example.com", false, START);
    assertThat(VIEWS.card(other).owner()).contains("bob@example.com");
  }

  @Test
  @DisplayName("an icon is a known name or a small image in base 64; anything else is the default")
  void icons() {
    String standard = Icon.of(Optional.empty()).source();
    assertThat(standard).startsWith("/assets/icon-desktop.");
    assertThat(Icon.of(Optional.of("gpu")).source()).startsWith("/assets/icon-gpu.");
    assertThat(Icon.of(Optional.of("data:image/png;base64,iVBORw0KGgo=")).isOwn()).isFalse();
    assertThat(Icon.of(Optional.of("data:image/svg+xml;base64,PHN2Zy8+")).isOwn()).isFalse();
    for (String hostile :
        List.of(
            "https://evil.example/x.png",
            "//evil.example/x.png",
            "javascript:alert(1)",
            "data:text/html;base64,PGI+",
            "data:image/svg+xml,<svg onload=alert(1)>",
            "data:image/png;base64,\"><script>",
            "data:image/png;base64,AAAA\n",
            "data:image/png;base64," + "A".repeat(70_000),
            "../portal.css",
            "unknown")) {
      assertThat(Icon.of(Optional.of(hostile)).source()).isEqualTo(standard);
    }
  }

  @Test
  @DisplayName("a template says what it costs, what is left, and why it cannot start")
  void templates() {
    TemplateView free =
        VIEWS.template(
            InMemoryDesktops.template("u", "Ubuntu", "", Optional.empty(), Optional.empty()));
    assertThat(free.canStart()).isTrue();
    assertThat(free.left()).isEqualTo("Left for you: 3 desktops, 1 GPU, 40\u00a0GiB for homes");
    TemplateView full =
        VIEWS.template(
            InMemoryDesktops.template(
                "u", "Ubuntu", "", Optional.empty(), Optional.of("GPU quota exceeded")));
    assertThat(full.canStart()).isFalse();
    assertThat(full.left()).contains("no GPU");
  }

  @Test
  @DisplayName("usage is a share of the limit; without a limit there is no share")
  void usage() {
    UsageLine full = usage(QuotaResource.GPUS, 2, OptionalLong.of(2));
    assertThat(full.amount()).isEqualTo("2 of 2");
    assertThat(full.isFull()).isTrue();
    assertThat(full.percent()).isEqualTo(100);
    assertThat(usage(QuotaResource.STORAGE, 10L << 30, OptionalLong.of(40L << 30)))
        .satisfies(line -> {
          assertThat(line.amount()).isEqualTo("10\u00a0GiB of 40\u00a0GiB");
          assertThat(line.percent()).isEqualTo(25);
        });
    assertThat(usage(QuotaResource.SESSIONS, 7, OptionalLong.empty()).amount())
        .isEqualTo("7, no limit");
    assertThat(usage(QuotaResource.SESSIONS, 0, OptionalLong.of(0)).isFull()).isTrue();
    assertThat(usage(QuotaResource.SESSIONS, Long.MAX_VALUE, OptionalLong.of(1)).percent())
        .isEqualTo(100);
  }

  @Test
  @DisplayName("a budget says what is left; one that is exceeded has nothing left")
  void budgets() {
    assertThat(VIEWS.budget(new GpuBudgets.Budget(GpuBudgets.Holder.GROUP, "lab", 5400, 14_400)))
        .isEqualTo(new UsageLine("Group lab", "GPU hours", "1.5 of 4, 2.5 left", 38, true, false));
    UsageLine spent =
        VIEWS.budget(new GpuBudgets.Budget(GpuBudgets.Holder.USER, "a@example.com", 7200, 3600));
    assertThat(spent)
        .isEqualTo(new UsageLine("a@example.com", "GPU hours", "2 of 1, 0 left", 100, true, true));
    assertThat(VIEWS.budget(new GpuBudgets.Budget(GpuBudgets.Holder.GROUP, "none", 0, 0)).isFull())
        .isTrue();
    assertThat(VIEWS.renewal(YearMonth.of(2026, 12)))
        .isEqualTo("GPU hours of December 2026. The budgets begin again on January 1, 2027.");
  }

  @Test
  @DisplayName("users see their months, admins users in this month; what is not offered is ignored")
  void usageChoices() {
    YearMonth now = YearMonth.of(2026, 2);
    UsageChoice own = UsageChoice.of(Optional.of("user"), Optional.of("2019-01"), now, false);
    assertThat(own.query())
        .isEqualTo(
            new UsageQuery(List.of(Dimension.MONTH), Optional.of("2025-02-01"), Optional.empty()));
    UsageChoice all = UsageChoice.of(Optional.empty(), Optional.of("<b>"), now, true);
    assertThat(all.query())
        .isEqualTo(
            new UsageQuery(
                List.of(Dimension.USER), Optional.of("2026-02-01"), Optional.of("2026-03-01")));
    assertThat(UsageChoice.of(Optional.of("group"), Optional.of("2025-12"), now, true).csv())
        .isEqualTo("/api/v1/usage?format=csv&by=group&from=2025-12-01&to=2026-01-01");
    assertThat(UsageChoice.of(Optional.of("group"), Optional.of("all"), now, true).csv())
        .isEqualTo("/api/v1/usage?format=csv&by=group&from=2025-02-01");
  }

  private static UsageLine usage(QuotaResource resource, long used, OptionalLong limit) {
    return VIEWS.usage(
        new UsageView.Line(QuotaScope.USER, "alice@example.com", resource, used, limit));
  }

  @Test
  @DisplayName("a retained home starts with its template, if its owner can use it")
  void homes() {
    HomeView home = InMemoryDesktops.retainedHome("old", Optional.of(START), Optional.empty());
    assertThat(VIEWS.home(home, Set.of("ubuntu")).template()).contains("ubuntu");
    assertThat(VIEWS.home(home, Set.of()).template()).isEmpty();
    assertThat(VIEWS.home(home, Set.of()).lines()).contains("Is kept");
  }
}
