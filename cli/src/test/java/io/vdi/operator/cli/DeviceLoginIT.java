package io.vdi.operator.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.devcluster.addons.Keycloak;
import io.vdi.operator.devcluster.testing.KeycloakForms;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code kubectl vdi login} with a real Keycloak, whose forms a person fills in. */
class DeviceLoginIT {
  private static final Pattern ADDRESS = Pattern.compile("Or open (\\S+)");
  private static final Pattern CODE = Pattern.compile("name=\"code\" value=\"([^\"]+)\"");

  @TempDir private static Path folder;

  private static Keycloak keycloak;

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
  private static void confirm(String address) throws IOException, InterruptedException {
    try (KeycloakForms forms = new KeycloakForms()) {
      HttpResponse<String> signIn = follow(forms, forms.get(URI.create(address)));
      Map<String, String> alice =
          Map.of("username", "alice", "password", keycloak.password(), "credentialId", "");
      HttpResponse<String> question = follow(forms, forms.submit(signIn, alice));
      Matcher code = CODE.matcher(question.body());
      assertThat(code.find()).as(question.body()).isTrue();
      Map<String, String> yes = Map.of("accept", "Yes", "code", code.group(1));
      assertThat(follow(forms, forms.submit(question, yes)).body())
          .contains("Device Login Successful");
    }
  }

  private static HttpResponse<String> follow(KeycloakForms forms, HttpResponse<String> answer)
      throws IOException, InterruptedException {
    return answer.statusCode() / 100 == 3
        ? follow(
            forms,
            forms.get(answer.uri().resolve(answer.headers().firstValue("Location").orElseThrow())))
        : answer;
  }
}
