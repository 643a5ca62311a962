package io.vdi.operator.gate.portal;

import io.helidon.webserver.http.HttpRules;
import io.vdi.operator.common.model.Share;
import io.vdi.operator.common.model.ShareRole;
import io.vdi.operator.gate.api.Desktops;
import io.vdi.operator.gate.api.SessionView;
import io.vdi.operator.gate.api.Target;
import io.vdi.operator.gate.http.Form;
import io.vdi.operator.gate.portal.view.Paths;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The page of a session's guests and links, and its forms. */
record ShareRoutes(Visits visits, Desktops desktops) {
  private static final Duration MAX_SHARE = Duration.ofHours(24);

  void routing(HttpRules rules) {
    rules
        .get(Visit.SESSION + "/shares", visits.page(this::shares))
        .post(Visit.SESSION + "/shares", visits.form(this::share))
        .post(Visit.SESSION + "/shares/end", visits.form(this::unshare))
        .post(Visit.SESSION + "/links", visits.form(this::link));
  }

  private void shares(Visit visit) {
    visit.withSession(
        desktops,
        (key, session) ->
            visit.send(
                "pages/shares.jte",
                visit.texts().get("shares.title", key.name()),
                Map.of(
                    "notice",
                    visit.flash(),
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
    Optional<Duration> time = Visit.duration(form, "time", MAX_SHARE);
    if (form.get("user").isEmpty()
        || role.isEmpty()
        || (form.get("time").isPresent() && time.isEmpty())) {
      visit.unreadable();
      return;
    }
    Share share =
        new Share(
            form.get("user").get(),
            role.get(),
            time.map(visit.now().truncatedTo(ChronoUnit.SECONDS)::plus).orElse(null));
    visit.submit(
        key -> desktops.share(visit.caller(), Target.of(key), share),
        key -> FlashMessage.SHARED.on(Paths.shares(key)));
  }

  /** The answer is the page with the link: a redirect would need it in an address. */
  private void link(Visit visit, Form form) {
    Optional<Duration> time = Visit.duration(form, "time", Share.MAX_LINK);
    if (time.isEmpty()) {
      visit.unreadable();
      return;
    }
    visit.withKey(key ->
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
    visit.submit(
        key -> desktops.unshare(visit.caller(), Target.of(key), form.get("user").get()),
        key -> FlashMessage.UNSHARED.on(Paths.shares(key)));
  }
}
