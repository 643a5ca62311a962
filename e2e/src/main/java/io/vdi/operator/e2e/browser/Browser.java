package io.vdi.operator.e2e.browser;

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
import java.util.logging.Level;
import java.util.logging.Logger;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;

/**
 * Debian's Chromium without a window. It resolves the hosts of sessions to the cluster's router and
 * nothing else, and trusts the router's certificate only.
 */
public final class Browser implements AutoCloseable {
  private static final Path CHROMIUM = Path.of("/usr/bin/chromium");
  private static final Path DRIVER = Path.of("/usr/bin/chromedriver");
  private static final Logger LOG = Logger.getLogger("org.openqa.selenium");

  /** How many of 64 by 36 points of the stream differ from its first: a picture, not a blank. */
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

  /** Whether there is one, after it was installed if need be. */
  public static boolean provided() {
    return DebianPackages.provide("chromium", CHROMIUM)
        && DebianPackages.provide("chromium-driver", DRIVER);
  }

  /** Starts one for the sessions of a cluster with a router. */
  public static Browser start(String router, Path routerCertificate) {
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
        "--ignore-certificate-errors-spki-list=" + fingerprint(routerCertificate),
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

  /** Opens a page with this account. */
  public void open(URI page, Account account) {
    driver.get(
        "https://%s:%s@%s/"
            .formatted(
                account.user(),
                URLEncoder.encode(account.password(), StandardCharsets.UTF_8),
                page.getHost()));
  }

  /** Returns when the page shows the stream of a desktop. */
  public void awaitPicture(Duration limit) {
    Progress.await(
        () -> "a picture in the browser; the page is \"" + driver.getTitle() + "\"",
        limit,
        () -> driver.executeScript(DIFFERENT_POINTS) instanceof Long points && points > 16);
  }

  /** Saves what is to be seen, as PNG. */
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

  /** Of the key in a certificate, as Chromium wants it. */
  private static String fingerprint(Path certificate) {
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
