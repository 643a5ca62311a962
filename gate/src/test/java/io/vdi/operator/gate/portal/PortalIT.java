package io.vdi.operator.gate.portal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiUsage;
import io.vdi.operator.common.quota.QuotaScope;
import io.vdi.operator.common.quota.QuotaViolation.QuotaResource;
import io.vdi.operator.common.usage.GpuBudgets;
import io.vdi.operator.gate.api.CauseView;
import io.vdi.operator.gate.api.UsageView;
import io.vdi.operator.gate.portal.PortalBrowser.Colours;
import io.vdi.operator.gate.portal.PortalBrowser.Screen;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * The pages of the portal in Chromium. The desktops are in memory, so that every state can be
 * shown.
 *
 * <p>With {@code -Dportal.screenshots=<folder>} the pictures of the documentation are written
 * there; otherwise they are in {@code target/portal}.
 */
class PortalIT {
  private static final Path PICTURES =
      Path.of(System.getProperty("portal.screenshots", "target/portal"));
  private static final SessionKey ALICE = new SessionKey("desks", "alice-workstation");
  private static final SessionKey FAILED = new SessionKey("desks", "alice-render");
  private static final String MARKUP = "<img src=x onerror=alert(1)>\"'><script>alert(1)</script>";

  /** Wider than a phone. */
  private static final String LONG_ADDRESS = "a".repeat(60) + "@department.university.example.com";

  private static PortalBrowser browser;

  private final InMemoryDesktops desktops = new InMemoryDesktops();
  private final TestPortal portal = new TestPortal(desktops, Duration.ofMillis(500));

  @BeforeAll
  static void startBrowser() {
    browser = PortalBrowser.start();
  }

  @AfterAll
  static void stopBrowser() {
    browser.close();
  }

  @BeforeEach
  void fill() {
    browser.show(Screen.DESKTOP, Colours.LIGHT);
    browser.language("en-US");
    Instant now = Instant.now();
    desktops.offer(
        InMemoryDesktops.template(
            "ubuntu",
            "Ubuntu workstation",
            "A Linux desktop with one GPU for 3D and simulation.",
            Optional.of("gpu"),
            Optional.empty()));
    desktops.offer(
        InMemoryDesktops.template(
            "code",
            "Code",
            "An editor and compilers, with the team’s tools.",
            Optional.of("code"),
            Optional.empty()));
    desktops.offer(
        InMemoryDesktops.template(
            "render",
            "Rendering",
            "Two GPUs for long renderings.",
            Optional.of("design"),
            Optional.of(
                "GPU quota exceeded for user alice@example.com: used 2, requested 2, limit 3")));
    desktops.put(
        InMemoryDesktops.running(
            InMemoryDesktops.session(
                ALICE.namespace(),
                ALICE.name(),
                "alice@example.com",
                true,
                now.minus(Duration.ofHours(5)))));
    desktops.put(
        InMemoryDesktops.with(
            InMemoryDesktops.session(
                FAILED.namespace(), FAILED.name(), "alice@example.com", true, now),
            Phase.FAILED,
            "No GPU is free",
            Optional.of(CauseView.of(KnownCause.GPU_EXHAUSTED, Map.of())),
            InMemoryDesktops.steps(0)));
    desktops.addHome(
        InMemoryDesktops.retainedHome(
            "alice-thesis",
            Optional.of(now.minus(Duration.ofDays(3))),
            Optional.of(now.plus(Duration.ofDays(27)))));
    desktops.addUsage(
        new UsageView.Line(
            QuotaScope.USER, "alice@example.com", QuotaResource.GPUS, 2, OptionalLong.of(2)));
    desktops.addUsage(
        new UsageView.Line(
            QuotaScope.NAMESPACE,
            "desks",
            QuotaResource.STORAGE,
            30L << 30,
            OptionalLong.of(100L << 30)));
    desktops.addBudget(
        new GpuBudgets.Budget(GpuBudgets.Holder.USER, "alice@example.com", 30 * 3600, 40 * 3600));
    desktops.addBudget(
        new GpuBudgets.Budget(GpuBudgets.Holder.GROUP, "physics", 2000 * 3600, 2000 * 3600));
    for (String user : List.of("alice@example.com", LONG_ADDRESS)) {
      desktops.addUse(
          new VdiUsage.Spec(
              new VdiUsage.Session("desks", "desk", user),
              user,
              List.of("physics"),
              "ubuntu",
              new VdiUsage.Gpu("nvidia.com/gpu", 2),
              now.minus(Duration.ofDays(40)),
              null,
              null));
    }
  }

  @AfterEach
  void stop() {
    portal.close();
  }

  /** Signs in with the keyboard. */
  private void signIn(String user) {
    browser.open(portal.page("/"));
    browser.tabTo("main a.button");
    browser.enter();
    await().until(() -> browser.has("#" + user));
    browser.tabTo("#" + user);
    browser.enter();
    await().until(() -> browser.has(".user button"));
  }

  @Test
  @DisplayName("with the keyboard only: sign in, start, follow the progress, sign out")
  void keyboardOnly() {
    signIn("alice");
    browser.tabTo("[id='t.ubuntu.start']");
    assertThat(browser.isFocusVisible()).isTrue();
    browser.enter();
    await().until(() -> browser.path().startsWith("/sessions/desks/ubuntu-"));
    SessionKey started =
        new SessionKey("desks", browser.path().substring("/sessions/desks/".length()));
    await().until(() -> desktops.watchers() == 1);
    browser.mark();
    for (int done = 1; done < 5; done++) {
      int steps = done;
      desktops.update(
          started,
          session ->
              InMemoryDesktops.with(
                  session, Phase.CREATING, "", Optional.empty(), InMemoryDesktops.steps(steps)));
      await().until(() -> browser.text(".steps li:nth-child(" + steps + ") .state").equals("done"));
      String current = browser.text(".steps [aria-current=step] .name");
      await().until(() -> browser.announced().equals("Starting: " + current));
    }
    assertThat(browser.has("#live a.primary")).isFalse();
    desktops.update(started, InMemoryDesktops::running);
    await().until(() -> browser.has("#live a.primary"));
    assertThat(browser.text("#live a.primary")).isEqualTo("Open");
    assertThat(browser.announced()).isEqualTo("The desktop is ready.");
    assertThat(browser.isMarked()).as("the page was not loaded again").isTrue();
    String open = "[id='s." + started.namespace() + "." + started.name() + ".open']";
    browser.tabTo(open);
    // The next change of the page keeps the focus.
    desktops.update(
        started,
        session ->
            InMemoryDesktops.with(
                session, Phase.RUNNING, "changed", Optional.empty(), InMemoryDesktops.steps(5)));
    await().until(() -> browser.text("#live .text").equals("changed"));
    browser.tabTo(open);
    desktops.remove(started);
    await().until(() -> browser.path().equals("/"));
    browser.tabTo(".user button");
    browser.enter();
    await().until(() -> browser.path().equals("/signed-out"));
    assertClean("/signed-out");
  }

  @Test
  @DisplayName("every page conforms to WCAG 2.1 AA, in both colours and widths, without errors")
  void accessible() {
    signIn("root");
    desktops.put(
        InMemoryDesktops.running(
            InMemoryDesktops.session(
                "desks", "root-desktop", "root@example.com", true, Instant.now())));
    List<String> pages =
        List.of(
            "/",
            "/sessions/desks/" + ALICE.name(),
            "/sessions/desks/" + FAILED.name(),
            "/sessions/desks/" + FAILED.name() + "/diagnosis",
            "/sessions/desks/" + ALICE.name() + "/delete",
            "/homes",
            "/homes/desks/alice-thesis/delete",
            "/usage",
            "/usage?by=month&month=all",
            "/link",
            "/admin?user=alice&done=suspended",
            "/signed-out");
    for (Screen screen : Screen.values()) {
      for (Colours colours : Colours.values()) {
        browser.show(screen, colours);
        for (String page : pages) {
          browser.open(portal.page(page));
          assertAccessible(page + " " + screen + " " + colours);
        }
      }
    }
    browser.language("de-DE");
    browser.open(portal.page("/"));
    assertThat(browser.title()).isEqualTo("Ihre Desktops – Desktops");
    assertAccessible("/ in German");
  }

  @Test
  @DisplayName("with the keyboard only, a user sums the own use by template")
  void usage() {
    signIn("alice");
    browser.open(portal.page("/usage"));
    browser.tabTo("#by");
    browser.type("T");
    browser.tabTo("main form.filter button");
    assertThat(browser.isFocusVisible()).isTrue();
    browser.enter();
    await().until(() -> browser.has("main a[href*='by=template']"));
    assertThat(browser.text("table[aria-labelledby=past] tbody th")).isEqualTo("ubuntu");
    assertAccessible("/usage by template");
  }

  @Test
  @DisplayName(
      "the code of a link goes from the address into the form, and only the button sends it")
  void link() {
    signIn("alice");
    browser.open(portal.page("/sessions/desks/" + ALICE.name() + "/shares"));
    browser.tabTo("form[action$='/links'] button");
    browser.enter();
    await().until(() -> browser.has("input[readonly]"));
    assertAccessible("a new link");
    String code = browser.value("input[readonly]").replaceAll("^[^#]*#", "");
    browser.open(portal.page("/link#" + code));
    await().until(() -> browser.value("#code").equals(code));
    assertThat(browser.address()).isEqualTo(portal.page("/link"));
    assertThat(browser.isShown("#code")).isFalse();
    assertAccessible("/link with a code");
    browser.tabTo("form[action='/link'] button");
    browser.enter();
    await().until(() -> browser.text("h1").equals("The link is not valid"));
    assertThat(browser.policyViolations()).isEmpty();
    assertThat(browser.consoleErrors()).allSatisfy(error -> assertThat(error).contains("403"));
    browser.open(portal.page("/link"));
    assertThat(browser.isShown("#code")).as("without a code the guest enters it").isTrue();
  }

  @Test
  @DisplayName("an error page conforms, too")
  void errors() {
    signIn("alice");
    browser.open(portal.page("/sessions/desks/nothing"));
    assertThat(browser.axeViolations()).isEmpty();
    assertThat(browser.overflow()).isZero();
    // Chromium reports the status 404 of the page itself.
    assertThat(browser.consoleErrors()).allSatisfy(error -> assertThat(error).contains("404"));
  }

  @Test
  @DisplayName("markup in messages and names is text, and runs nothing")
  void markup() {
    desktops.offer(
        InMemoryDesktops.template(
            "markup",
            MARKUP,
            MARKUP,
            Optional.of("data:text/html," + MARKUP),
            Optional.of(MARKUP)));
    desktops.update(
        ALICE,
        session ->
            InMemoryDesktops.with(
                session,
                Phase.CREATING,
                MARKUP,
                Optional.of(new CauseView("VDI999", MARKUP, MARKUP, MARKUP, MARKUP, MARKUP)),
                InMemoryDesktops.steps(1)));
    signIn("alice");
    assertThat(browser.text("[id='t.markup']")).isEqualTo(MARKUP);
    assertClean("/");
    browser.open(portal.page("/sessions/desks/" + ALICE.name()));
    // The page, and then the event, which goes through the script.
    desktops.update(
        ALICE,
        session ->
            InMemoryDesktops.with(
                session,
                Phase.CREATING,
                MARKUP + " 2",
                Optional.empty(),
                InMemoryDesktops.steps(2)));
    await().until(() -> browser.text("#live .text").equals(MARKUP + " 2"));
    assertClean("the page of a session");
  }

  @Test
  @DisplayName("the pictures of the documentation")
  void pictures() {
    signIn("alice");
    desktops.update(
        FAILED,
        session ->
            InMemoryDesktops.with(
                session, Phase.CREATING, "", Optional.empty(), InMemoryDesktops.steps(2)));
    for (Screen screen : Screen.values()) {
      for (Colours colours : Colours.values()) {
        browser.show(screen, colours);
        String name = (screen + "-" + colours).toLowerCase(Locale.ROOT);
        picture("/", "portal-" + name + ".png");
        picture("/sessions/desks/" + FAILED.name(), "portal-progress-" + name + ".png");
      }
    }
  }

  private void picture(String page, String file) {
    browser.open(portal.page(page));
    browser.save(PICTURES.resolve(file));
    assertThat(PICTURES.resolve(file)).isNotEmptyFile();
    assertThat(PICTURES.resolve(file).toFile().length()).isLessThan(60_000);
  }

  private void assertAccessible(String page) {
    assertThat(browser.axeViolations()).as(page).isEmpty();
    assertThat(browser.overflow()).as("%s is wider than the screen", page).isZero();
    assertClean(page);
  }

  private void assertClean(String page) {
    assertThat(browser.policyViolations()).as(page).isEmpty();
    assertThat(browser.consoleErrors()).as(page).isEmpty();
  }
}
