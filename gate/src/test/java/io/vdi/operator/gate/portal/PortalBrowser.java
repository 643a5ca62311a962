package io.vdi.operator.gate.portal;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.devcluster.build.DebianPackages;
import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import javax.imageio.ImageIO;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/**
 * Chromium for pages on this machine. It has the colours, the width and the language that a test
 * asks for, and collects what the page does wrong.
 */
final class PortalBrowser implements AutoCloseable {
  /** A viewport. */
  enum Screen {
    DESKTOP(1280, 960),
    PHONE(360, 740);

    private final int width;
    private final int height;

    Screen(int width, int height) {
      this.width = width;
      this.height = height;
    }
  }

  /** What the user prefers. */
  enum Colours {
    LIGHT,
    DARK
  }

  private static final Path CHROMIUM = Path.of("/usr/bin/chromium");
  private static final Path DRIVER = Path.of("/usr/bin/chromedriver");
  private static final int MAX_TABS = 60;

  /** Runs in each page before its own scripts. */
  private static final String COLLECT_VIOLATIONS =
      """
      window.violations = [];
      document.addEventListener('securitypolicyviolation',
          event => window.violations.push(event.violatedDirective + ' ' + event.blockedURI));
      """;

  private static final String RUN_AXE =
      """
      const done = arguments[arguments.length - 1];
      axe.run(document, {
        resultTypes: ['violations'],
        runOnly: {type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']},
      }).then(
          result => done(result.violations.flatMap(violation => violation.nodes.map(
              node => violation.id + ': ' + node.html + ' ' + node.failureSummary))),
          error => done(['axe failed: ' + error]));
      """;

  private final ChromeDriver driver;
  private final String axe;

  private PortalBrowser(ChromeDriver driver, String axe) {
    this.driver = driver;
    this.axe = axe;
  }

  static PortalBrowser start() {
    assertThat(
            DebianPackages.provide("chromium", CHROMIUM)
                && DebianPackages.provide("chromium-driver", DRIVER))
        .as("Chromium is installed")
        .isTrue();
    LoggingPreferences logs = new LoggingPreferences();
    logs.enable(LogType.BROWSER, Level.ALL);
    ChromeOptions options = new ChromeOptions();
    options.setBinary(CHROMIUM.toFile());
    options.setCapability("goog:loggingPrefs", logs);
    options.addArguments(
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--hide-scrollbars",
        "--lang=en-US",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1");
    ChromeDriver driver =
        new ChromeDriver(
            new ChromeDriverService.Builder()
                .usingDriverExecutable(DRIVER.toFile())
                .withSilent(true)
                .build(),
            options);
    driver.executeCdpCommand(
        "Page.addScriptToEvaluateOnNewDocument", Map.of("source", COLLECT_VIOLATIONS));
    return new PortalBrowser(driver, readAxe());
  }

  private static String readAxe() {
    try (InputStream in = PortalBrowser.class.getResourceAsStream("/axe.min.js")) {
      assertThat(in).as("axe.min.js").isNotNull();
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void show(Screen screen, Colours colours) {
    driver.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of(
            "width",
            screen.width,
            "height",
            screen.height,
            "deviceScaleFactor",
            1,
            "mobile",
            screen == Screen.PHONE));
    driver.executeCdpCommand(
        "Emulation.setEmulatedMedia",
        Map.of(
            "features",
            List.of(
                Map.of(
                    "name",
                    "prefers-color-scheme",
                    "value",
                    colours == Colours.DARK ? "dark" : "light"),
                // No animation is at another place in each picture.
                Map.of("name", "prefers-reduced-motion", "value", "reduce"))));
  }

  void language(String tag) {
    driver.executeCdpCommand("Network.enable", Map.of());
    driver.executeCdpCommand(
        "Network.setExtraHTTPHeaders", Map.of("headers", Map.of("Accept-Language", tag)));
  }

  void open(URI page) {
    driver.get(page.toString());
  }

  String path() {
    return URI.create(driver.getCurrentUrl()).getPath();
  }

  String title() {
    return driver.getTitle();
  }

  /** The text of the first element that matches; empty text if there is none. */
  String text(String selector) {
    List<WebElement> found = driver.findElements(By.cssSelector(selector));
    return found.isEmpty() ? "" : found.getFirst().getText();
  }

  boolean has(String selector) {
    return !driver.findElements(By.cssSelector(selector)).isEmpty();
  }

  /** The whole address, with the fragment. */
  URI address() {
    return URI.create(driver.getCurrentUrl());
  }

  /** The value of an input. */
  String value(String selector) {
    return driver.findElement(By.cssSelector(selector)).getDomProperty("value");
  }

  boolean isShown(String selector) {
    return driver.findElement(By.cssSelector(selector)).isDisplayed();
  }

  /** Presses the tab key until the element has the focus. */
  void tabTo(String selector) {
    WebElement target = driver.findElement(By.cssSelector(selector));
    for (int i = 0; i < MAX_TABS; i++) {
      WebElement focused = driver.switchTo().activeElement();
      if (focused.equals(target)) {
        return;
      }
      focused.sendKeys(Keys.TAB);
    }
    throw new AssertionError("the tab key does not reach " + selector);
  }

  /** Types into what has the focus; a letter chooses the option of a list that begins with it. */
  void type(String text) {
    driver.switchTo().activeElement().sendKeys(text);
  }

  /** Presses Enter on what has the focus. */
  void enter() {
    driver.switchTo().activeElement().sendKeys(Keys.ENTER);
  }

  /** Whether what has the focus is marked. */
  boolean isFocusVisible() {
    return (Boolean)
        driver.executeScript(
            "const style = getComputedStyle(document.activeElement);"
                + "return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;");
  }

  /** Puts a mark into the page that a reload removes. */
  void mark() {
    driver.executeScript("window.marked = true;");
  }

  boolean isMarked() {
    return Boolean.TRUE.equals(driver.executeScript("return window.marked === true;"));
  }

  /** What a screen reader was told last. */
  String announced() {
    return (String) driver.executeScript("return document.getElementById('announce').textContent;");
  }

  /** What does not conform to WCAG 2.1 A and AA. */
  List<String> axeViolations() {
    driver.manage().timeouts().scriptTimeout(Duration.ofSeconds(60));
    driver.executeScript(axe);
    return strings(driver.executeAsyncScript(RUN_AXE));
  }

  /** How much wider the page is than the screen. */
  long overflow() {
    return (Long)
        driver.executeScript(
            "return document.documentElement.scrollWidth - document.documentElement.clientWidth;");
  }

  List<String> policyViolations() {
    return strings(driver.executeScript("return window.violations;"));
  }

  private static List<String> strings(Object list) {
    return ((List<?>) list).stream().map(String::valueOf).toList();
  }

  /** Errors and warnings of the console since the last call. */
  List<String> consoleErrors() {
    return driver.manage().logs().get(LogType.BROWSER).getAll().stream()
        .filter(entry -> entry.getLevel().intValue() >= Level.WARNING.intValue())
        .map(LogEntry::getMessage)
        .toList();
  }

  /** Saves the visible part of the page as PNG. */
  void save(Path file) {
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      BufferedImage picture =
          ImageIO.read(new ByteArrayInputStream(driver.getScreenshotAs(OutputType.BYTES)));
      ImageIO.write(withPalette(picture), "png", file.toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The picture with at most 256 colours: a third of the size, and no visible difference. */
  private static BufferedImage withPalette(BufferedImage picture) {
    for (int bits = 8; ; bits--) {
      int mask = 0xFF << (8 - bits) & 0xFF;
      int rgb = mask << 16 | mask << 8 | mask;
      Map<Integer, Integer> palette = new LinkedHashMap<>();
      for (int y = 0; y < picture.getHeight(); y++) {
        for (int x = 0; x < picture.getWidth(); x++) {
          palette.putIfAbsent(picture.getRGB(x, y) & rgb, picture.getRGB(x, y));
        }
      }
      if (palette.size() <= 256) {
        return withPalette(picture, palette, rgb);
      }
    }
  }

  private static BufferedImage withPalette(
      BufferedImage picture, Map<Integer, Integer> palette, int mask) {
    int[] colours = palette.values().stream().mapToInt(Integer::intValue).toArray();
    Map<Integer, Integer> index = new HashMap<>();
    palette.keySet().forEach(key -> index.put(key, index.size()));
    BufferedImage small =
        new BufferedImage(
            picture.getWidth(),
            picture.getHeight(),
            BufferedImage.TYPE_BYTE_INDEXED,
            new IndexColorModel(8, colours.length, colours, 0, false, -1, DataBuffer.TYPE_BYTE));
    for (int y = 0; y < picture.getHeight(); y++) {
      for (int x = 0; x < picture.getWidth(); x++) {
        small.getRaster().setSample(x, y, 0, index.get(picture.getRGB(x, y) & mask));
      }
    }
    return small;
  }

  @Override
  public void close() {
    driver.quit();
  }
}
