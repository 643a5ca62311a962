package io.vdi.operator.gate.portal;

import io.helidon.webserver.http.HttpRules;
import io.vdi.operator.common.model.ReclaimPolicy;
import io.vdi.operator.gate.api.ApiUser;
import io.vdi.operator.gate.api.Desktops;
import io.vdi.operator.gate.api.ObjectNames;
import io.vdi.operator.gate.api.Outcome;
import io.vdi.operator.gate.api.SessionView;
import io.vdi.operator.gate.api.StartRequest;
import io.vdi.operator.gate.api.Target;
import io.vdi.operator.gate.http.Form;
import io.vdi.operator.gate.http.Page;
import io.vdi.operator.gate.http.ReturnPath;
import io.vdi.operator.gate.portal.view.Paths;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;

/** The pages of a session, and the forms that start, change and delete it. */
record SessionRoutes(Visits visits, Desktops desktops, boolean wakeOnVisit) {
  private static final Duration MAX_EXTENSION = Duration.ofHours(24);

  void routing(HttpRules rules) {
    rules
        .post(Paths.SESSIONS, visits.form(this::start))
        .get(Visit.SESSION, visits.page(this::session))
        .get(Visit.SESSION + "/open", visits.page(this::open))
        .get(Visit.SESSION + "/diagnosis", visits.page(this::diagnosis))
        .get(Visit.SESSION + "/delete", visits.page(this::confirmDelete))
        .post(Visit.SESSION + "/delete", visits.form(this::delete))
        .post(
            Visit.SESSION + "/suspend",
            visits.form(
                (visit, form) -> change(visit, form, FlashMessage.SUSPENDED, desktops::suspend)))
        .post(
            Visit.SESSION + "/resume",
            visits.form(
                (visit, form) -> change(visit, form, FlashMessage.RESUMED, desktops::resume)))
        .post(Visit.SESSION + "/extend", visits.form(this::extend));
  }

  private void start(Visit visit, Form form) {
    Optional<String> template = form.get("template").filter(ObjectNames::isSubdomain);
    Optional<String> home = form.get("home");
    if (template.isEmpty() || home.filter(name -> !ObjectNames.isLabel(name)).isPresent()) {
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
    visit.withSession(
        desktops,
        (key, session) ->
            visit.send(
                "pages/session.jte",
                visit.texts().get("session.title", key.name()),
                Map.of("notice", visit.flash(), "session", visit.views().details(session))));
  }

  /** The page that waits for a desktop. For a visit it resumes a desktop that sleeps. */
  private void open(Visit visit) {
    Origin.Opening opening =
        new Origin.Opening(visit.query("path").flatMap(ReturnPath::parse).orElse(ReturnPath.ROOT));
    boolean visited = visit.query("visit").isPresent();
    visit.withSession(
        desktops,
        (key, session) ->
            visit.send(
                "pages/open.jte",
                visit.texts().get("open.title", key.name()),
                Map.of(
                    "notice",
                    visit.flash(),
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

  private void diagnosis(Visit visit) {
    visit.withKey(key ->
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
    Origin origin = Origin.of(visit.query("from"));
    visit.withSession(
        desktops,
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
    visit.submit(
        key -> desktops.delete(visit.caller(), Target.of(key), home),
        key -> FlashMessage.DELETED.on(Origin.of(form.get("from")).afterDelete()));
  }

  private void extend(Visit visit, Form form) {
    Optional<Duration> by = Visit.duration(form, "by", MAX_EXTENSION);
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
    visit.submit(
        key -> change.apply(visit.caller(), Target.of(key)),
        key -> notice.on(Origin.of(form.get("from")).path(key)));
  }
}
