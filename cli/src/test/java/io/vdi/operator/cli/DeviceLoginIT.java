package io.vdi.operator.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.devcluster.addons.Keycloak;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code kubectl vdi login} with a real Keycloak, whose forms a person fills in. */
class DeviceLoginIT {
  private static final Pattern ADDRESS = Pattern.compile("Or open (\\S+)");
  private static final Pattern FORM = Pattern.compile("<form[^>]* action=\"([^\"]+)\"");

  @TempDir private static Path folder;

  private static Keycloak keycloak;

  private final Map<String, String> cookies = new LinkedHashMap<>();
  private final HttpClient http = HttpClient.newHttpClient();

  @BeforeAll
  static void start() {
    keycloak = Keycloak.start(folder, URI.create("http://127.0.0.1:1"));
  }

  @AfterAll
  static void stop() {
    if (keycloak != null) {
      keycloak.close();
    }
  }

  @Test
  @DisplayName("alice confirms the code, kubectl gets a token that is renewed, and signs out")
  void login() throws Exception {
    Map<String, String> environment = Map.of("HOME", folder.toString());
    TestConsole console = new TestConsole(0, false, environment);
    CompletableFuture<Integer> login =
        CompletableFuture.supplyAsync(
            () -> Main.run(console.console(), "login", "--issuer", keycloak.issuer()));
    await().until(() -> ADDRESS.matcher(console.err()).find() || login.isDone());
    Matcher address = ADDRESS.matcher(console.err());
    assertThat(address.find()).as(console.err()).isTrue();
    confirm(address.group(1));
    assertThat(login.get()).as(console.err()).isZero();
    assertThat(console.out()).contains("Signed in as alice@example.com");

    TestConsole plugin = new TestConsole(0, false, environment);
    assertThat(
            Main.run(plugin.console(), "login", "--exec-credential", "--issuer", keycloak.issuer()))
        .isZero();
    JsonObject credential = JsonParser.parseString(plugin.out()).getAsJsonObject();
    assertThat(credential.getAsJsonObject("status").get("token").getAsString()).startsWith("ey");

    TestConsole out = new TestConsole(0, false, environment);
    assertThat(Main.run(out.console(), "logout", "--issuer", keycloak.issuer())).isZero();
    assertThat(out.out()).contains("Signed out alice@example.com");
    assertThat(out.err()).isEmpty();
  }

  /** The page of the code leads to the sign-in, and that to the question whether to allow it. */
  private void confirm(String address) throws IOException, InterruptedException {
    HttpResponse<String> page = follow(HttpRequest.newBuilder(URI.create(address)));
    page =
        submit(page, "username=alice&password=" + encode(keycloak.password()) + "&credentialId=");
    page = submit(page, "accept=Yes");
    assertThat(page.body()).contains("Device Login Successful");
  }

  private HttpResponse<String> submit(HttpResponse<String> page, String fields)
      throws IOException, InterruptedException {
    Matcher form = FORM.matcher(page.body());
    assertThat(form.find()).as(page.body()).isTrue();
    Matcher code = Pattern.compile("name=\"code\" value=\"([^\"]+)\"").matcher(page.body());
    String body = code.find() ? fields + "&code=" + encode(code.group(1)) : fields;
    return follow(
        HttpRequest.newBuilder(page.uri().resolve(form.group(1).replace("&amp;", "&")))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(HttpRequest.BodyPublishers.ofString(body)));
  }

  /** Keycloak's cookies are Secure: browsers send them to loopback without TLS, Java does not. */
  private HttpResponse<String> follow(HttpRequest.Builder request)
      throws IOException, InterruptedException {
    if (!cookies.isEmpty()) {
      request.header(
          "Cookie",
          cookies.entrySet().stream()
              .map(cookie -> cookie.getKey() + "=" + cookie.getValue())
              .collect(Collectors.joining("; ")));
    }
    HttpResponse<String> answer = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    for (String cookie : answer.headers().allValues("Set-Cookie")) {
      String pair = cookie.split(";", 2)[0];
      String name = pair.substring(0, pair.indexOf('='));
      if (cookie.contains("Max-Age=0")) {
        cookies.remove(name);
      } else {
        cookies.put(name, pair.substring(pair.indexOf('=') + 1));
      }
    }
    return answer.statusCode() / 100 == 3
        ? follow(
            HttpRequest.newBuilder(
                answer.uri().resolve(answer.headers().firstValue("Location").orElseThrow())))
        : answer;
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
