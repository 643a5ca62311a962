package io.vdi.operator.gate.portal;

import io.helidon.webserver.http.HttpRules;
import io.vdi.operator.gate.api.Desktops;
import io.vdi.operator.gate.api.HomeView;
import io.vdi.operator.gate.api.TemplateCard;
import io.vdi.operator.gate.http.Form;
import io.vdi.operator.gate.portal.view.HomeLine;
import io.vdi.operator.gate.portal.view.Paths;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** The page of a user's homes, and the form that deletes one. */
record HomeRoutes(Visits visits, Desktops desktops) {
  private static final String HOME = Paths.HOMES + Visit.KEY;

  void routing(HttpRules rules) {
    rules
        .get(Paths.HOMES, visits.page(this::homes))
        .get(HOME + "/delete", visits.page(this::confirmDelete))
        .post(HOME + "/delete", visits.form(this::delete));
  }

  private void homes(Visit visit) {
    visit.with(
        desktops.homes(visit.caller()),
        homes -> {
          Set<String> templates =
              Visit.value(desktops.templates(visit.caller()), new ArrayList<>())
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
                  visit.flash(),
                  "retained",
                  byRetained.get(true),
                  "used",
                  byRetained.get(false)));
        });
  }

  private void confirmDelete(Visit visit) {
    visit.withKey(key ->
        visit.send(
            "pages/deletehome.jte",
            visit.texts().get("homes.deleteTitle", key.name()),
            Map.of("path", Paths.home(key))));
  }

  private void delete(Visit visit, Form form) {
    visit.submit(
        key -> desktops.deleteHome(visit.caller(), key),
        key -> FlashMessage.HOME_DELETED.on(Paths.HOMES));
  }
}
