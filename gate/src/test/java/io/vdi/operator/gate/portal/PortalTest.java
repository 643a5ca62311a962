package io.vdi.operator.gate.portal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ReclaimPolicy;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiUsage;
import io.vdi.operator.common.notice.Notice;
import io.vdi.operator.common.usage.GpuBudgets;
import io.vdi.operator.gate.api.SessionView;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.Element;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The pages over HTTP, as a browser without JavaScript uses them. */
class PortalTest {
  private static final SessionKey ALICE = new SessionKey("desks", "alice");

  private final InMemoryDesktops desktops = new InMemoryDesktops();
  private final TestPortal portal = new TestPortal(desktops, Duration.ofMillis(200));
  private final HttpClient http = HttpClient.newHttpClient();
  private final Map<String, String> cookies = new LinkedHashMap<>();
  private Map<String, String> headers = Map.of();

  PortalTest() {
    desktops.offer(
        InMemoryDesktops.template(
            "ubuntu", "Ubuntu", "A workstation", Optional.empty(), Optional.empty()));
    desktops.put(
        InMemoryDesktops.running(
            InMemoryDesktops.session("desks", "alice", "alice@example.com", true, Instant.now())));
    desktops.put(InMemoryDesktops.session("desks", "bob", "bob@example.com", false, Instant.now()));
  }

  @AfterEach
  void stop() {
    http.close();
    portal.close();
  }

  private HttpResponse<String> send(HttpRequest.Builder request) {
    try {
      headers.forEach(request::header);
      HttpResponse<String> response =
          http.send(withCookies(request).build(), BodyHandlers.ofString());
      for (String cookie : response.headers().allValues("Set-Cookie")) {
        String pair = cookie.substring(0, cookie.indexOf(';'));
        cookies.put(pair.substring(0, pair.indexOf('=')), pair.substring(pair.indexOf('=') + 1));
      }
      return response;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private HttpRequest.Builder withCookies(HttpRequest.Builder request) {
    String header =
        cookies.entrySet().stream()
            .filter(cookie -> !cookie.getValue().isEmpty())
            .map(cookie -> cookie.getKey() + "=" + cookie.getValue())
            .collect(Collectors.joining("; "));
    return header.isEmpty() ? request : request.header("Cookie", header);
  }

  private HttpResponse<String> get(String path) {
    return send(HttpRequest.newBuilder(portal.page(path)));
  }

  private HttpResponse<String> post(String path, Map<String, String> form) {
    String body =
        form.entrySet().stream()
            .map(field ->
                field.getKey() + "=" + URLEncoder.encode(field.getValue(), StandardCharsets.UTF_8))
            .collect(Collectors.joining("&"));
    return send(
        HttpRequest.newBuilder(portal.page(path))
            .header("Origin", portal.origin())
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(HttpRequest.BodyPublishers.ofString(body)));
  }

  /** Submits a form of a page as a browser does. */
  private HttpResponse<String> submit(String page, String button) {
    Element form = document(page).getElementById(button).closest("form");
    Map<String, String> fields = new LinkedHashMap<>();
    form.select("input[type=hidden]").forEach(field -> fields.put(field.attr("name"), field.val()));
    form.select("select")
        .forEach(field -> fields.put(field.attr("name"), field.selectFirst("option").val()));
    assertThat(form.attr("method")).isEqualTo("post");
    return post(form.attr("action"), fields);
  }

  private Document document(String path) {
    HttpResponse<String> page = get(path);
    assertThat(page.statusCode()).as(page.body()).isEqualTo(200);
    return Jsoup.parse(page.body());
  }

  private void signIn(String user) {
    URI provider = URI.create(location(get("/signin")));
    String link =
        Jsoup.parse(get(provider.getPath() + "?" + provider.getRawQuery()).body())
            .getElementById(user)
            .attr("href");
    assertThat(get(link).statusCode()).isEqualTo(303);
  }

  private static String location(HttpResponse<String> response) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(303);
    return response.headers().firstValue("Location").orElseThrow();
  }

  @Test
  @DisplayName("without a sign-in: the first page offers it, others lead to it and back")
  void notSignedIn() {
    assertThat(document("/").select("main a[href=/signin]").text()).isEqualTo("Sign in");
    assertThat(location(get("/sessions/desks/alice?done=resumed")))
        .isEqualTo("/signin?to=%2Fsessions%2Fdesks%2Falice%3Fdone%3Dresumed");
    assertThat(post("/sessions", Map.of("template", "ubuntu")).statusCode()).isEqualTo(401);
    assertThat(get("/sessions/desks/alice/events").statusCode()).isEqualTo(401);
    assertThat(desktops.keys()).hasSize(2);
  }

  @Test
  @DisplayName("the first page has the own sessions, the templates, and the user")
  void home() {
    signIn("alice");
    Document page = document("/");
    assertThat(page.select("header").text()).contains("alice@example.com");
    assertThat(page.select("h3").eachText()).containsExactly("alice", "Ubuntu");
    assertThat(page.getElementById("s.desks.alice.open").attr("href"))
        .isEqualTo("https://alice.vdi.example.com");
    assertThat(page.select("nav a").eachText()).doesNotContain("All desktops");
    assertThat(page.select("nav a[aria-current=page]").text()).isEqualTo("Desktops");
    assertThat(page.select("html").attr("lang")).isEqualTo("en");
  }

  @Test
  @DisplayName("the first page tells its reader what happens to the reader's own desktops")
  void notices() {
    Instant at = Instant.parse("2026-01-01T18:00:00Z");
    desktops.tell(notice("alice", "alice@example.com", Notice.Kind.SLEEPS_SOON, "schedule", at));
    desktops.tell(notice("bob", "bob@example.com", Notice.Kind.SUSPENDED, "idle", at));
    signIn("alice");
    Document page = document("/");
    Element list = page.selectFirst("#live ul[aria-label=Notices]");
    assertThat(list.select("li a").eachText())
        .containsExactly("alice goes to sleep soon: its schedule stops it");
    assertThat(list.select("time").attr("datetime")).isEqualTo("2026-01-01T18:00:00Z");
    assertThat(list.attr("data-announce"))
        .as("the script says it to screen readers")
        .isEqualTo("alice goes to sleep soon: its schedule stops it");
  }

  private static Notice notice(
      String name, String user, Notice.Kind kind, String reason, Instant at) {
    return new Notice(
        name,
        kind,
        reason,
        new SessionKey("desks", name),
        "uid",
        user,
        "ubuntu",
        "",
        at,
        at.plusSeconds(60));
  }

  @Test
  @DisplayName("Start leads to the page of the new session")
  void start() {
    signIn("alice");
    String page = location(submit("/", "t.ubuntu.start"));
    assertThat(page).isEqualTo("/sessions/desks/ubuntu-3");
    Document session = document(page);
    assertThat(session.select(".steps .name").eachText())
        .containsExactly(
            "Find a place",
            "Prepare the home",
            "Load the image",
            "Start the desktop",
            "Connect the address");
    assertThat(session.select(".steps [aria-current=step] .state").text()).isEqualTo("in progress");
    assertThat(session.select("noscript").html()).contains("Show the present state");
  }

  @Test
  @DisplayName("Suspend, Resume and Extend return to the page with a notice")
  void changes() {
    signIn("alice");
    String suspended = location(submit("/", "s.desks.alice.suspend"));
    assertThat(suspended).isEqualTo("/?done=suspended");
    assertThat(document(suspended).select("[role=status]").text()).contains("goes to sleep");
    assertThat(desktops.get(ALICE).phase()).isEqualTo(Phase.SUSPENDED);
    assertThat(location(submit("/sessions/desks/alice", "s.desks.alice.resume")))
        .isEqualTo("/sessions/desks/alice?done=resumed");
    desktops.update(ALICE, InMemoryDesktops::running);
    assertThat(location(submit("/", "s.desks.alice.extend"))).isEqualTo("/?done=extended");
    assertThat(desktops.get(ALICE).timers().timeout()).isEqualTo(Duration.ofHours(9));
    for (String by : List.of("", "-1h", "x", "48h")) {
      assertThat(post("/sessions/desks/alice/extend", Map.of("by", by)).statusCode())
          .isEqualTo(400);
    }
  }

  @Test
  @DisplayName("a desktop is shared and the share ended; the guest finds it on the first page")
  void shares() {
    signIn("alice");
    String shares = "/sessions/desks/alice/shares";
    assertThat(document("/").getElementById("s.desks.alice.share").attr("href")).isEqualTo(shares);
    Document empty = document(shares);
    assertThat(empty.text()).contains("This desktop has no guests.");
    assertThat(empty.select("input[name=role][checked]").attr("value")).isEqualTo("view");
    Map<String, String> root = Map.of("user", "root@example.com", "role", "control", "time", "4h");
    assertThat(location(post(shares, root))).isEqualTo(shares + "?done=shared");
    Document one = document(shares + "?done=shared");
    assertThat(one.select("[role=status]").text()).contains("is shared");
    assertThat(one.select("h3").eachText()).containsExactly("root@example.com");
    for (Map<String, String> bad :
        List.of(
            Map.<String, String>of(),
            Map.of("user", "root@example.com", "role", "admin"),
            Map.of("user", "root@example.com", "role", "view", "time", "25h"),
            Map.of("user", "root@example.com", "role", "view", "time", "x"))) {
      assertThat(post(shares, bad).statusCode()).isEqualTo(400);
    }
    assertThat(post("/sessions/desks/bob/shares", root).statusCode()).isEqualTo(404);
    assertThat(location(post(shares + "/end", Map.of("user", "root@example.com"))))
        .isEqualTo(shares + "?done=unshared");
    assertThat(document(shares).text()).contains("This desktop has no guests.");
    post(shares, root);
    signIn("root");
    Document home = document("/");
    assertThat(home.getElementById("shared").text()).isEqualTo("Shared with you");
    assertThat(home.getElementById("gs.desks.alice.open").attr("href"))
        .isEqualTo("https://alice.vdi.example.com");
  }

  @Test
  @DisplayName("a link is shown once; among the guests it has no code, and is ended like a share")
  void links() {
    signIn("alice");
    String shares = "/sessions/desks/alice/shares";
    HttpResponse<String> made = post("/sessions/desks/alice/links", Map.of("time", "1h"));
    assertThat(made.statusCode()).isEqualTo(200);
    assertThat(made.headers().firstValue("Cache-Control")).contains("no-store");
    String link = Jsoup.parse(made.body()).select("input[readonly]").attr("value");
    assertThat(link).startsWith("https://portal.example.com/link#uid-1.");
    Document page = document(shares);
    assertThat(page.select("h3").eachText()).containsExactly("Everybody who has the link");
    assertThat(page.html()).doesNotContain(link.substring(link.indexOf('#')));
    String user = page.select("form[action$=/shares/end] input").attr("value");
    assertThat(user).startsWith("link:");
    for (Map<String, String> bad :
        List.of(Map.<String, String>of(), Map.of("time", "25h"), Map.of("time", "x"))) {
      assertThat(post("/sessions/desks/alice/links", bad).statusCode()).isEqualTo(400);
    }
    assertThat(location(post(shares + "/end", Map.of("user", user))))
        .isEqualTo(shares + "?done=unshared");
    assertThat(document(shares).text()).contains("This desktop has no guests.");
  }

  @Test
  @DisplayName("Delete asks first, and keeps the home if the user says so")
  void delete() {
    signIn("alice");
    Document confirm = document("/sessions/desks/alice/delete?from=home");
    assertThat(confirm.select("input[type=radio]").eachAttr("value"))
        .containsExactly("retain", "delete");
    assertThat(confirm.select("input[checked]").attr("value")).isEqualTo("delete");
    assertThat(desktops.keys()).contains(ALICE);
    String after =
        location(post("/sessions/desks/alice/delete", Map.of("from", "home", "home", "retain")));
    assertThat(after).isEqualTo("/?done=deleted");
    assertThat(desktops.keys()).doesNotContain(ALICE);
    assertThat(document("/homes").select("#retained + ul h3").text()).isEqualTo("alice");
    assertThat(document("/homes/desks/alice/delete").select("main form").attr("action"))
        .isEqualTo("/homes/desks/alice/delete");
    assertThat(location(post("/homes/desks/alice/delete", Map.of())))
        .isEqualTo("/homes?done=homeDeleted");
    assertThat(document("/homes").select("main").text()).contains("no retained home");
  }

  @Test
  @DisplayName("a desktop starts with a retained home")
  void startWithHome() {
    signIn("alice");
    desktops.addHome(InMemoryDesktops.retainedHome("old", Optional.empty(), Optional.empty()));
    Element form = document("/homes").selectFirst("form[action=/sessions]");
    String page =
        location(
            post(
                "/sessions",
                Map.of(
                    "template", form.selectFirst("[name=template]").val(),
                    "home", form.selectFirst("[name=home]").val())));
    assertThat(page).isEqualTo("/sessions/desks/old");
  }

  @Test
  @DisplayName("a session of somebody else is not found, and unknown pages are not found")
  void notFound() {
    signIn("alice");
    for (String path :
        List.of(
            "/sessions/desks/bob",
            "/sessions/desks/bob/delete",
            "/sessions/desks/bob/diagnosis",
            "/sessions/DESKS/x",
            "/sessions/a/%3Cscript%3E",
            "/admin",
            "/nothing")) {
      HttpResponse<String> page = get(path);
      assertThat(page.statusCode()).as(path).isEqualTo(404);
      assertThat(page.body()).contains("<h1>Not found</h1>").doesNotContain("<script>");
    }
    assertThat(get("/sessions/desks/bob/events").statusCode()).isEqualTo(404);
    for (String action : List.of("suspend", "resume", "delete")) {
      assertThat(post("/sessions/desks/bob/" + action, Map.of()).statusCode()).isEqualTo(404);
    }
    assertThat(desktops.get(new SessionKey("desks", "bob")).phase()).isEqualTo(Phase.PENDING);
  }

  @Test
  @DisplayName("an admin sees the sessions of all users, filters them and acts")
  void admin() {
    signIn("root");
    assertThat(document("/").select("nav a").eachText()).contains("All desktops");
    assertThat(document("/admin").select("h3").eachText()).containsExactly("alice", "bob");
    Document filtered = document("/admin?user=bob&phase=Pending");
    assertThat(filtered.select("h3").eachText()).containsExactly("bob");
    assertThat(filtered.select("option[selected]").attr("value")).isEqualTo("Pending");
    assertThat(filtered.getElementById("user").val()).isEqualTo("bob");
    assertThat(location(submit("/admin", "s.desks.bob.suspend")))
        .isEqualTo("/admin?done=suspended");
    assertThat(location(post("/sessions/desks/bob/delete", Map.of("from", "admin"))))
        .isEqualTo("/admin?done=deleted");
  }

  private void addUse(String user, String group, YearMonth month, long hours) {
    Instant start = month.atDay(1).atStartOfDay(ZoneOffset.UTC).toInstant();
    desktops.addUse(
        new VdiUsage.Spec(
            new VdiUsage.Session("desks", "desk", user + month),
            user,
            List.of(group),
            "ubuntu",
            new VdiUsage.Gpu("nvidia.com/gpu", 2),
            start,
            start.plus(Duration.ofHours(hours)),
            "Suspended"));
  }

  @Test
  @DisplayName("users see their own use of each month, and what is left of their budgets")
  void ownUsage() {
    YearMonth last = YearMonth.now(ZoneOffset.UTC).minusMonths(1);
    addUse("alice@example.com", "lab", last, 3);
    addUse("alice@example.com", "lab", last.minusMonths(1), 5);
    addUse("bob@example.com", "lab", last, 7);
    signIn("alice");
    Document page = document("/usage?by=user&month=%3Cb%3E");
    assertThat(page.select("[aria-labelledby=past] tbody tr").eachText())
        .containsExactly(monthName(last) + " 1 3 6", monthName(last.minusMonths(1)) + " 1 5 10");
    assertThat(page.select("option[selected]").eachAttr("value")).containsExactly("month", "all");
    assertThat(page.select("#by option").eachAttr("value")).containsExactly("month", "template");
    assertThat(page.getElementById("budgets")).isNull();
    desktops.addBudget(
        new GpuBudgets.Budget(GpuBudgets.Holder.USER, "alice@example.com", 5400, 3600 * 4));
    assertThat(document("/usage").select("section[aria-labelledby=budgets] td").text())
        .contains("1.5 of 4, 2.5 left");
  }

  @Test
  @DisplayName("admins see the use of everybody, sum it as they like, and get it as CSV")
  void everybodysUsage() {
    YearMonth last = YearMonth.now(ZoneOffset.UTC).minusMonths(1);
    addUse("alice@example.com", "lab", last, 3);
    addUse("bob@example.com", "", last, 7);
    signIn("root");
    assertThat(document("/usage").select("#past ~ p").eachText())
        .contains("Nothing was used in this time.");
    Document page = document("/usage?by=user&month=" + last);
    assertThat(page.select("table[aria-labelledby=past] tbody tr").eachText())
        .containsExactly("alice@example.com 1 3 6", "bob@example.com 1 7 14");
    assertThat(page.select("option[selected]").eachAttr("value"))
        .containsExactly("user", last.toString());
    assertThat(page.select("a[href^=/api/]").attr("href"))
        .isEqualTo(
            "/api/v1/usage?format=csv&by=user&from=%s-01&to=%s-01"
                .formatted(last, last.plusMonths(1)));
    assertThat(document("/usage?by=group&month=all").select("tbody th").eachText())
        .contains("Without a group", "lab");
    headers = Map.of("Accept-Language", "de");
    assertThat(document("/usage?by=month&month=all").select("h2").eachText())
        .containsExactly("Jetzt belegt", "Bisher genutzt");
  }

  private static String monthName(YearMonth month) {
    return DateTimeFormatter.ofPattern("LLLL uuuu", Locale.ENGLISH).format(month);
  }

  @Test
  @DisplayName("what the API refuses is a page with its status and its message")
  void refused() {
    signIn("alice");
    desktops.offer(
        InMemoryDesktops.template(
            "full",
            "Full",
            "",
            Optional.empty(),
            Optional.of("GPU quota exceeded for user <b>alice</b>")));
    HttpResponse<String> page = post("/sessions", Map.of("template", "full"));
    assertThat(page.statusCode()).isEqualTo(403);
    assertThat(page.body()).contains("for user &lt;b&gt;alice&lt;/b&gt;");
    assertThat(document("/").getElementById("t.full.start")).isNull();
    desktops.fail(Optional.of("the sessions cannot be read"));
    assertThat(get("/usage").statusCode()).isEqualTo(503);
    assertThat(document("/").select("[role=alert]").text()).contains("cannot be read");
  }

  @Test
  @DisplayName("an error of the gate itself is a page that does not say more than that")
  void failed() {
    signIn("alice");
    desktops.breakDown();
    HttpResponse<String> page = get("/sessions/desks/alice");
    assertThat(page.statusCode()).isEqualTo(500);
    assertThat(page.body()).contains("<h1>Something went wrong</h1>").doesNotContain("secret");
  }

  @Test
  @DisplayName("another site cannot press a button")
  void crossSite() {
    signIn("alice");
    for (String origin : List.of("https://evil.example", "null")) {
      HttpResponse<String> answer =
          send(
              HttpRequest.newBuilder(portal.page("/sessions/desks/alice/delete"))
                  .header("Origin", origin)
                  .POST(HttpRequest.BodyPublishers.noBody()));
      assertThat(answer.statusCode()).isEqualTo(403);
    }
    assertThat(get("/sessions/desks/alice/suspend").statusCode()).isEqualTo(404);
    assertThat(desktops.get(ALICE).phase()).isEqualTo(Phase.RUNNING);
  }

  @Test
  @DisplayName("forms that are too large, doubled or malformed are refused")
  void forms() {
    signIn("alice");
    assertThat(post("/sessions", Map.of()).statusCode()).isEqualTo(400);
    assertThat(post("/sessions", Map.of("template", "../x")).statusCode()).isEqualTo(400);
    assertThat(post("/sessions", Map.of("template", "ubuntu", "home", "A b")).statusCode())
        .isEqualTo(400);
    assertThat(post("/sessions", Map.of("template", "x".repeat(20_000))).statusCode())
        .isEqualTo(400);
  }

  @Test
  @DisplayName("the notice of an address is one of the known ones")
  void unknownNotice() {
    signIn("alice");
    assertThat(document("/?done=%3Cb%3E").select("main [role=status]")).isEmpty();
  }

  @Test
  @DisplayName("German browsers get German pages; what Kubernetes says is marked as English")
  void german() {
    headers = Map.of("Accept-Language", "de-DE,de;q=0.9");
    signIn("alice");
    Document page = document("/sessions/desks/alice/diagnosis");
    assertThat(page.select("html").attr("lang")).isEqualTo("de");
    assertThat(page.select("h1").text()).isEqualTo("Prüfung von alice");
    assertThat(page.select(".failed .result").text()).isEqualTo("Fehler");
    assertThat(page.select(".failed").text()).contains("Keine GPU ist frei (VDI201)");
    assertThat(page.select(".failed [lang=en]").text())
        .isEqualTo("0/3 nodes are available: 3 Insufficient nvidia.com/gpu.");
    Document error = Jsoup.parse(get("/sessions/desks/nobody").body());
    assertThat(error.select("main .text").text())
        .isEqualTo("Den Desktop desks/nobody gibt es nicht.");
  }

  @Test
  @DisplayName("assets have hashed names and are kept; another hash is answered and not kept")
  void assets() {
    Document page = document("/");
    for (String asset :
        List.of(
            page.selectFirst("link[rel=stylesheet]").attr("href"),
            page.selectFirst("script").attr("src"),
            page.selectFirst("link[rel=icon]").attr("href"))) {
      HttpResponse<String> answer = get(asset);
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(answer.headers().firstValue("Cache-Control"))
          .hasValueSatisfying(value -> assertThat(value).contains("immutable"));
      HttpResponse<String> other = get(asset.replaceFirst("\\.[0-9a-f]{16}\\.", ".0000."));
      assertThat(other.body()).isEqualTo(answer.body());
      assertThat(other.headers().firstValue("Cache-Control")).contains("no-store");
    }
    assertThat(get("/assets/other.css").statusCode()).isEqualTo(404);
    assertThat(get("/assets/..%2Fapplication.yaml").statusCode()).isNotEqualTo(200);
  }

  @Test
  @DisplayName("no page has an inline script, an inline style, or content from elsewhere")
  void noInline() {
    signIn("root");
    for (String path :
        List.of(
            "/",
            "/sessions/desks/alice",
            "/sessions/desks/alice/diagnosis",
            "/sessions/desks/alice/delete",
            "/homes",
            "/homes/desks/x/delete",
            "/usage",
            "/admin")) {
      Document page = document(path);
      assertThat(page.select("script").eachAttr("src")).hasSize(1);
      assertThat(page.select("script").html()).isEmpty();
      assertThat(page.select("style, [style], iframe, object, embed, base")).isEmpty();
      assertThat(page.select("[src]").eachAttr("src"))
          .allSatisfy(source -> assertThat(source).startsWith("/assets/"));
      assertThat(
              page.getAllElements().stream()
                  .flatMap(element -> element.attributes().asList().stream())
                  .filter(attribute -> attribute.getKey().startsWith("on")))
          .isEmpty();
      assertThat(page.select("h1")).hasSize(1);
      assertThat(page.select("main, header, [id=announce][role=status]")).hasSize(3);
      List<String> ids = page.select("[id]").eachAttr("id");
      assertThat(ids).doesNotHaveDuplicates();
    }
  }

  @Test
  @DisplayName("the page that waits for a desktop resumes it for a visit, and stays open")
  void opening() throws Exception {
    signIn("alice");
    desktops.update(
        ALICE,
        session ->
            InMemoryDesktops.with(session, Phase.SUSPENDED, "", Optional.empty(), List.of()));
    String address = "/sessions/desks/alice/open?path=%2Flab%3Fx%3D1";
    Element visited = document(address + "&visit=1").getElementById("live");
    assertThat(visited.attr("data-resumes")).isEqualTo("yes");
    assertThat(visited.attr("data-open")).isEqualTo("/lab?x=1");
    assertThat(document(address).getElementById("live").hasAttr("data-resumes")).isFalse();
    assertThat(desktops.get(ALICE).phase()).as("a GET resumes nothing").isEqualTo(Phase.SUSPENDED);
    String back = location(submit(address, "s.desks.alice.resume"));
    assertThat(back).isEqualTo(address + "&done=resumed");
    assertThat(document(back).getElementById("live").hasAttr("data-resumes")).isFalse();
    assertThat(desktops.get(ALICE).isSuspended()).isFalse();
    String other = "/sessions/desks/alice/open?path=%2F%2Fevil.example&visit=1";
    assertThat(document(other).getElementById("live").attr("data-open")).isEqualTo("/");
  }

  @Test
  @DisplayName("an admin's visit does not resume the desktop of another user")
  void openingByAdmin() {
    desktops.update(
        ALICE,
        session ->
            InMemoryDesktops.with(session, Phase.SUSPENDED, "", Optional.empty(), List.of()));
    signIn("root");
    Element live = document("/sessions/desks/alice/open?path=%2F&visit=1").getElementById("live");
    assertThat(live.hasAttr("data-resumes")).isFalse();
    assertThat(live.select("form[action$=/resume]")).hasSize(1);
  }

  @Test
  @DisplayName("the progress arrives as events, until the session is deleted")
  void progress() throws Exception {
    signIn("alice");
    try (Events events = new Events(ALICE)) {
      assertThat(events.next("session")).contains("Open").contains("Running");
      desktops.update(
          ALICE,
          session ->
              InMemoryDesktops.with(
                  session,
                  Phase.CREATING,
                  "a\nmessage <b>",
                  Optional.empty(),
                  InMemoryDesktops.steps(2)));
      String next = events.next("session");
      assertThat(Jsoup.parse(next).select(".steps .active .name").text())
          .isEqualTo("Load the image");
      assertThat(next).contains("a\nmessage &lt;b&gt;").doesNotContain("openOf");
      desktops.remove(ALICE);
      events.next("gone");
    }
    await().until(() -> desktops.watchers() == 0);
  }

  @Test
  @DisplayName("a sign-out ends the progress")
  void signOutEndsProgress() throws Exception {
    signIn("alice");
    try (Events events = new Events(ALICE)) {
      events.next("session");
      assertThat(location(post("/signout", Map.of()))).isEqualTo("/signed-out");
      events.next("signedout");
    }
    await().until(() -> desktops.watchers() == 0);
  }

  @Test
  @DisplayName("a user has a limited number of streams, and closed pages release theirs")
  void streamLimit() throws Exception {
    signIn("alice");
    List<Events> open = new java.util.ArrayList<>();
    for (int i = 0; i < Streams.MAX_OF_USER; i++) {
      open.add(new Events(ALICE));
    }
    assertThat(get("/sessions/desks/alice/events").statusCode()).isEqualTo(429);
    for (Events events : open) {
      events.close();
    }
    await().until(() -> desktops.watchers() == 0);
    try (Events events = new Events(ALICE)) {
      events.next("session");
    }
  }

  @Test
  @DisplayName("what an open page reads by itself does not count as use of the portal")
  void noRenewal() {
    signIn("alice");
    SessionView session = desktops.get(ALICE);
    assertThat(session.reclaimPolicy()).isEqualTo(ReclaimPolicy.DELETE);
    headers = Map.of("Sec-Fetch-Mode", "cors", "Sec-Fetch-Site", "same-origin");
    assertThat(get("/").headers().allValues("Set-Cookie")).isEmpty();
  }

  /** A stream of events. */
  private final class Events implements AutoCloseable {
    private final InputStream body;
    private final BufferedReader lines;

    Events(SessionKey key) throws IOException, InterruptedException {
      HttpResponse<InputStream> response =
          http.send(
              withCookies(
                      HttpRequest.newBuilder(
                          portal.page(
                              "/sessions/" + key.namespace() + "/" + key.name() + "/events")))
                  .timeout(Duration.ofSeconds(10))
                  .build(),
              BodyHandlers.ofInputStream());
      assertThat(response.statusCode()).isEqualTo(200);
      assertThat(response.headers().firstValue("Content-Type")).contains("text/event-stream");
      body = response.body();
      lines = new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8));
    }

    /** The data of the next event of this name. */
    String next(String name) throws IOException {
      String line = lines.readLine();
      while (line != null && !line.equals("event: " + name)) {
        line = lines.readLine();
      }
      assertThat(line).as("the stream ended before " + name).isNotNull();
      StringBuilder data = new StringBuilder();
      for (line = lines.readLine(); line != null && line.startsWith("data:"); ) {
        data.append(line.substring(5).stripLeading()).append('\n');
        line = lines.readLine();
      }
      return data.toString();
    }

    @Override
    public void close() throws IOException {
      body.close();
    }
  }
}
