package io.vdi.operator.e2e.browser;

import io.vdi.operator.common.model.DesktopCredentials;
import io.vdi.operator.devcluster.build.DebianPackages;
import io.vdi.operator.devcluster.operator.FullCluster;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.Progress;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.openqa.selenium.By;
import org.openqa.selenium.Cookie;
import org.openqa.selenium.Keys;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WindowType;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.interactions.Actions;

/**
 * Debian's Chromium without a window. It resolves the hosts of sessions to the cluster's router and
 * no other host at all, and trusts only the router's certificate.
 */
public final class Browser implements AutoCloseable {
  private static final Path CHROMIUM = Path.of("/usr/bin/chromium");
  private static final Path DRIVER = Path.of("/usr/bin/chromedriver");
  private static final Logger LOG = Logger.getLogger("org.openqa.selenium");

  /**
   * Scales the stream to 64 by 36 points and returns how many of them differ from the first one. A
   * blank screen has none.
   */
  private static final String DIFFERENT_POINTS =
      """
      let most = 0;
      for (const stream of document.querySelectorAll('video, canvas')) {
        const width = stream.videoWidth || stream.width, height = stream.videoHeight || stream.height;
        if (!width || !height) continue;
        const sample = document.createElement('canvas');
        sample.width = 64; sample.height = 36;
        const context = sample.getContext('2d');
        context.drawImage(stream, 0, 0, 64, 36);
        const points = new Uint32Array(context.getImageData(0, 0, 64, 36).data.buffer);
        most = Math.max(most, points.filter(point => point !== points[0]).length);
      }
      return most;
      """;

  private final ChromeDriver driver;

  private Browser(ChromeDriver driver) {
    this.driver = driver;
  }

  /** Whether Chromium and its driver are installed; installs them if possible. */
  public static boolean provided() {
    return DebianPackages.provide("chromium", CHROMIUM)
        && DebianPackages.provide("chromium-driver", DRIVER);
  }

  /**
   * Starts a browser with an empty profile.
   *
   * @param router the address of the cluster's router
   */
  public static Browser start(String router, Path routerCertificate) {
    return start(router, List.of(routerCertificate));
  }

  /**
   * The same, which trusts several certificates: those of the router and of the provider that users
   * sign in at.
   */
  public static Browser start(String router, List<Path> certificates) {
    LOG.setLevel(Level.SEVERE);
    ChromeOptions options = new ChromeOptions();
    options.setBinary(CHROMIUM.toFile());
    options.addArguments(
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1280,720",
        "--ignore-certificate-errors-spki-list="
            + String.join(",", certificates.stream().map(Browser::fingerprint).toList()),
        "--host-resolver-rules=MAP *."
            + FullCluster.DOMAIN
            + " "
            + router
            + ", MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE "
            + router);
    return new Browser(
        new ChromeDriver(
            new ChromeDriverService.Builder()
                .usingDriverExecutable(new File(DRIVER.toString()))
                .withSilent(true)
                .build(),
            options));
  }

  /** Opens a page, without credentials. */
  public void open(URI page) {
    driver.get(page.toString());
  }

  /**
   * Fills in the form of Keycloak. Returns when Chromium has followed the redirects behind it.
   *
   * @throws ClusterException if the form does not appear within the limit
   */
  public void signIn(String user, String password, Duration limit) {
    awaitForm(limit);
    driver.findElement(By.id("username")).sendKeys(user);
    driver.findElement(By.id("password")).sendKeys(password);
    driver.findElement(By.id("kc-login")).click();
  }

  /** Returns when the form of Keycloak is shown. */
  public void awaitForm(Duration limit) {
    Progress.await(
        () -> "the form of Keycloak; the page is %s: %s".formatted(address(), shortText()),
        limit,
        () -> !driver.findElements(By.id("kc-login")).isEmpty());
  }

  /** The address of the page that is shown. */
  public URI address() {
    return URI.create(driver.getCurrentUrl());
  }

  /** The text of the page that is shown. */
  public String text() {
    return driver.findElement(By.tagName("body")).getText();
  }

  private String shortText() {
    String text = text();
    return text.substring(0, Math.min(text.length(), 200)).replace('\n', ' ');
  }

  /** The value of a cookie of the page that is shown. */
  public Optional<String> cookie(String name) {
    return Optional.ofNullable(driver.manage().getCookieNamed(name)).map(Cookie::getValue);
  }

  /** Deletes the cookies of all hosts. */
  public void deleteCookies() {
    driver.executeCdpCommand("Network.clearBrowserCookies", Map.of());
  }

  /** Runs a script in the page; returns its result as text. */
  public String script(String script) {
    return String.valueOf(driver.executeScript(script));
  }

  /** Opens another tab and shows it. */
  public void newTab() {
    driver.switchTo().newWindow(WindowType.TAB);
  }

  /** Shows the first tab. */
  public void firstTab() {
    driver.switchTo().window(driver.getWindowHandles().iterator().next());
  }

  /**
   * Returns when a script in the page returns true.
   *
   * @throws ClusterException if it does not within the limit
   */
  public void await(String what, String script, Duration limit) {
    Progress.await(
        () -> what + "; the page is " + driver.getCurrentUrl(),
        limit,
        () -> Boolean.TRUE.equals(driver.executeScript(script)));
  }

  /**
   * Presses Start on the card of a template in the portal. Returns when the desktop can be opened.
   */
  public void startInPortal(String template, Duration limit) {
    String button = "input[name='template'][value='%s'] ~ button".formatted(template);
    await(
        "the card of template " + template,
        "return document.querySelector(\"%s\") !== null".formatted(button),
        limit);
    click(button);
    await(
        "the desktop to start",
        // The first page has links to other desktops of the user.
        "const link = document.querySelector('#live a.primary');"
            + "return location.pathname.startsWith('/sessions/')"
            + " && link !== null && link.textContent.trim() === 'Open'",
        limit);
  }

  /** Opens the desktop that {@link #startInPortal} has started; the page may just be renewed. */
  public void openFromPortal() {
    await(
        "the link to the desktop",
        "const link = document.querySelector('#live a.primary');"
            + "if (link === null) { return false; } link.click(); return true",
        Duration.ofSeconds(10));
  }

  /** Clicks the first element that a CSS selector finds. */
  public void click(String selector) {
    driver.findElement(By.cssSelector(selector)).click();
  }

  /** Presses the keys of a text; a line feed is Enter. */
  public void type(String text) {
    new Actions(driver).sendKeys(text.replace("\n", Keys.ENTER)).perform();
  }

  /** Moves the pointer to a point of the page. */
  public void movePointer(int x, int y) {
    new Actions(driver).moveToLocation(x, y).perform();
  }

  /** Opens the page of a desktop. */
  public void open(URI page, DesktopCredentials credentials) {
    driver.get(withCredentials(page, credentials));
  }

  /** A URL with user name and password: a browser without a window shows no dialog for them. */
  static String withCredentials(URI page, DesktopCredentials credentials) {
    return "https://%s:%s@%s/"
        .formatted(
            credentials.user(),
            URLEncoder.encode(credentials.password(), StandardCharsets.UTF_8),
            page.getHost());
  }

  /**
   * Returns when the page shows the stream of a desktop.
   *
   * @throws ClusterException if it does not within the limit
   */
  public void awaitPicture(Duration limit) {
    Progress.await(
        () -> "a picture in the browser; the page is \"" + driver.getTitle() + "\"",
        limit,
        () -> driver.executeScript(DIFFERENT_POINTS) instanceof Long points && points > 16);
  }

  /** Closes the page and its stream. */
  public void leave() {
    driver.get("about:blank");
  }

  /** Saves the visible page as PNG; returns the file. */
  public Path save(Path file) {
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      return Files.write(file, driver.getScreenshotAs(OutputType.BYTES));
    } catch (IOException e) {
      throw new ClusterException("cannot write " + file + ": " + e, e);
    }
  }

  @Override
  public void close() {
    driver.quit();
  }

  /** The SHA-256 of the public key of a certificate in base 64, which Chromium's flag requires. */
  static String fingerprint(Path certificate) {
    try (InputStream in = Files.newInputStream(certificate)) {
      byte[] key =
          CertificateFactory.getInstance("X.509")
              .generateCertificate(in)
              .getPublicKey()
              .getEncoded();
      return Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-256").digest(key));
    } catch (IOException | CertificateException | NoSuchAlgorithmException e) {
      throw new ClusterException("cannot read " + certificate + ": " + e, e);
    }
  }
}
