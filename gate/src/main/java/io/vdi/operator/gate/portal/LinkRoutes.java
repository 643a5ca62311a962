package io.vdi.operator.gate.portal;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.vdi.operator.common.model.LinkCode;
import io.vdi.operator.gate.http.ClientAddress;
import io.vdi.operator.gate.http.Form;
import io.vdi.operator.gate.http.Page;
import io.vdi.operator.gate.http.Templates;
import io.vdi.operator.gate.portal.view.Shell;
import io.vdi.operator.gate.portal.view.Texts;
import io.vdi.operator.gate.ticket.LinkVisits;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * {@code /link#<code>}: where guests without an account open a desktop. The code is in the fragment
 * of the address, which browsers send to nobody; the page puts it into a form, or the guest does.
 * Only the button lets a guest in: no preview of a link and no prefetch sends the form.
 */
public final class LinkRoutes implements HttpService {
  /**
   * After a form, browsers follow a redirect only to hosts of {@code form-action}, and desktops
   * have many hosts. A page can lead anywhere.
   */
  private static final HeaderName REFRESH = HeaderNames.create("Refresh");

  private final LinkVisits visits;

  public LinkRoutes(LinkVisits visits) {
    this.visits = visits;
  }

  /** Without links the pages of the portal answer, as for any unknown path. */
  @Override
  public void routing(HttpRules rules) {
    if (visits.areAllowed()) {
      rules.get(LinkCode.PAGE, LinkRoutes::page).post(LinkCode.PAGE, this::open);
    }
  }

  private static void page(ServerRequest request, ServerResponse response) {
    send(request, response, Status.OK_200, "pages/link.jte", "link.title", Map.of());
  }

  private void open(ServerRequest request, ServerResponse response) {
    Optional<LinkCode> code =
        Form.read(request).flatMap(form -> form.get("code")).flatMap(LinkCode::parse);
    LinkVisits.Answer answer =
        code.map(found -> visits.begin(found, ClientAddress.of(request)))
            .orElseGet(LinkVisits.Answer.Refused::new);
    switch (answer) {
      case LinkVisits.Answer.Accepted(String cookie, URI desktop) -> {
        response.headers().add(HeaderNames.SET_COOKIE, cookie);
        response.headers().set(REFRESH, "0; url=" + desktop);
        send(
            request,
            response,
            Status.OK_200,
            "pages/linkopen.jte",
            "link.opening",
            Map.of("desktop", desktop.toString()));
      }
      case LinkVisits.Answer.Refused() ->
          error(request, response, Status.FORBIDDEN_403, "link.refused", "link.refusedText");
      case LinkVisits.Answer.Unavailable() ->
          error(
              request,
              response,
              Status.SERVICE_UNAVAILABLE_503,
              "error.UNAVAILABLE",
              "error.unavailable");
    }
  }

  private static void error(
      ServerRequest request, ServerResponse response, Status status, String title, String text) {
    send(request, response, status, "pages/linkerror.jte", title, Map.of("text", text));
  }

  private static void send(
      ServerRequest request,
      ServerResponse response,
      Status status,
      String template,
      String title,
      Map<String, Object> values) {
    Texts texts = Visit.texts(request);
    Map<String, Object> all = new HashMap<>(values);
    all.put(
        "shell",
        new Shell(
            texts,
            texts.get(title),
            LinkCode.PAGE,
            Optional.empty(),
            false,
            Page.notice(response)));
    Page.sendHtml(response, status, Templates.render(template, all));
  }
}
