package io.vdi.operator.gate.portal;

import io.helidon.webserver.http.HttpRules;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.gate.api.BudgetsView;
import io.vdi.operator.gate.api.Desktops;
import io.vdi.operator.gate.api.SessionFilter;
import io.vdi.operator.gate.api.SessionPage;
import io.vdi.operator.gate.api.SessionView;
import io.vdi.operator.gate.api.TemplateCard;
import io.vdi.operator.gate.portal.view.NoticeLine;
import io.vdi.operator.gate.portal.view.Paths;
import io.vdi.operator.gate.portal.view.SessionCard;
import io.vdi.operator.gate.portal.view.UsageChoice;
import io.vdi.operator.gate.portal.view.UsageTable;
import io.vdi.operator.gate.portal.view.Views;
import java.time.YearMonth;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The pages that show more than one session: the first page, the use, and that of admins. */
record OverviewRoutes(Visits visits, Desktops desktops, ZoneId usageZone) {
  private static final int PAGE_SIZE = 60;

  void routing(HttpRules rules) {
    rules
        .get(Paths.HOME, visits.page(this::home))
        .get(Paths.USAGE, visits.page(this::usage))
        .get(Paths.ADMIN, visits.page(this::admin));
  }

  private void home(Visit visit) {
    List<String> problems = new ArrayList<>();
    List<SessionView> own =
        Visit.value(desktops.sessions(visit.caller(), SessionFilter.ofOwn()), problems)
            .map(SessionPage::sessions)
            .orElse(List.of());
    List<TemplateCard> templates =
        Visit.value(desktops.templates(visit.caller()), problems).orElse(List.of());
    // If they cannot be read, neither can the sessions, and the page says so once.
    List<NoticeLine> notices =
        Visit.value(desktops.notices(visit.caller()), new ArrayList<>()).orElse(List.of()).stream()
            .map(visit.views()::notice)
            .toList();
    Views views = visit.views();
    visit.send(
        "pages/home.jte",
        visit.texts().get("home.title"),
        Map.of(
            "notice",
            visit.flash(),
            "problems",
            problems.stream().map(views::message).toList(),
            "notices",
            notices,
            "sessions",
            own.stream().map(views::card).toList(),
            "shared",
            Visit.value(desktops.shared(visit.caller()), problems).orElse(List.of()).stream()
                .map(views::shared)
                .toList(),
            "templates",
            templates.stream().map(views::template).toList()));
  }

  private void usage(Visit visit) {
    visit.with(
        desktops.usage(visit.caller()),
        usage -> {
          Views views = visit.views();
          UsageChoice choice =
              UsageChoice.of(
                  visit.query("by"),
                  visit.query("month"),
                  YearMonth.from(visit.now().atZone(usageZone)),
                  visit.caller().isAdmin());
          List<String> problems = new ArrayList<>();
          Optional<BudgetsView> budgets = Visit.value(desktops.budgets(visit.caller()), problems);
          Optional<UsageTable> past =
              Visit.value(desktops.usageHistory(visit.caller(), choice.query()), problems)
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
    Optional<String> user = visit.query("user");
    Optional<String> namespace = visit.query("namespace");
    Optional<String> template = visit.query("template");
    Optional<Phase> phase =
        visit
            .query("phase")
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
            visit.query("after"));
    visit.with(
        desktops.sessions(visit.caller(), filter),
        page -> {
          Map<String, Object> values = new HashMap<>();
          values.put("notice", visit.flash());
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
}
