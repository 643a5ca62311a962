package io.vdi.operator.e2e.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vdi.operator.devcluster.operator.SingleSignOn;
import io.vdi.operator.e2e.browser.Browser;
import java.util.List;
import java.util.Map;

/** The users of desktops behind the gate: their browsers, and requests with the gate's cookie. */
record GateUsers(OperatorNode node, SingleSignOn signOn) {
  static final String COOKIE = "__Host-vdi-desktop";

  /** How a browser requests the page of an address that a user has entered. */
  static final Map<String, String> NAVIGATION =
      Map.of("Accept", "text/html", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document");

  /** A browser that trusts the router and Keycloak. */
  Browser browser() {
    return Browser.start(
        node.cluster().address(), List.of(node.routerCertificate(), signOn.certificate()));
  }

  /** Fills in the form of Keycloak. */
  void fillIn(Browser browser, String user) {
    browser.signIn(user, signOn.keycloak().password(), SharedNode.PATIENCE);
  }

  /** Opens a desktop with a sign-in, until its picture is shown. */
  void signIn(Browser browser, String user, LiveDesktop desktop) {
    browser.open(desktop.address());
    browser.awaitForm(SharedNode.PATIENCE);
    assertThat(browser.address().toString()).startsWith(signOn.keycloak().issuer());
    fillIn(browser, user);
    awaitHost(browser, desktop);
    assertThat(browser.address().getUserInfo()).isNull();
    browser.awaitPicture(SharedNode.PATIENCE);
  }

  /** The gate's cookie of a desktop, for a user who signs in. */
  String desktopCookie(String user, LiveDesktop desktop) {
    try (Browser browser = browser()) {
      return desktopCookie(browser, user, desktop);
    }
  }

  /** The same in a browser that stays open. */
  String desktopCookie(Browser browser, String user, LiveDesktop desktop) {
    browser.open(desktop.address());
    fillIn(browser, user);
    awaitHost(browser, desktop);
    return browser.cookie(COOKIE).orElseThrow();
  }

  /** Waits until the portal tells a user who is signed in that the desktop is not for this user. */
  static void awaitRefusal(Browser browser, String user) {
    await("the refusal")
        .atMost(SharedNode.PATIENCE)
        .until(browser::text, text -> text.contains(user + "@example.com"));
    assertThat(browser.address().getHost()).isEqualTo(SingleSignOn.PORTAL.getHost());
  }

  /** Creates the RoleBinding {@code alice-sessions}: the gate resumes in the name of the user. */
  void allowAliceToEditSessions() {
    node.kubectl(
        "create",
        "rolebinding",
        "alice-sessions",
        "--clusterrole=vdi-sessions-edit",
        "--user=oidc:alice@example.com");
  }

  /** Waits until the browser shows a page of the desktop. */
  static void awaitHost(Browser browser, LiveDesktop desktop) {
    await(desktop.address().getHost())
        .atMost(SharedNode.PATIENCE)
        .until(() -> browser.address().getHost().equals(desktop.address().getHost()));
  }

  /** The headers of a request with the gate's cookie, from a page of a desktop. */
  static Map<String, String> headers(String cookie, LiveDesktop page) {
    return Map.of("Cookie", COOKIE + "=" + cookie, "Origin", page.origin());
  }
}
