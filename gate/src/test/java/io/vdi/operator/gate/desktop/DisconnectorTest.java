package io.vdi.operator.gate.desktop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.model.DesktopCredentials;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.gate.revocation.Holder;
import io.vdi.operator.gate.revocation.Revocation;
import io.vdi.operator.gate.revocation.Revocations;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import okhttp3.Credentials;
import okhttp3.HttpUrl;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class DisconnectorTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final DesktopCredentials CREDENTIALS = new DesktopCredentials("ubuntu", "pw");

  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final List<Disconnector.Outcome> outcomes = new CopyOnWriteArrayList<>();
  private volatile String answer =
      "{\"sessions\": [{\"id\": \"a1\"}, {\"id\": \"../x\"}, {\"other\": 1}]}";
  private HttpServer selkies;
  private Disconnector disconnector;

  @BeforeEach
  void start() throws IOException {
    selkies = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    selkies.createContext(
        "/",
        exchange -> {
          requests.add(
              exchange.getRequestMethod()
                  + " "
                  + exchange.getRequestURI().getRawPath()
                  + " "
                  + exchange
                      .getRequestHeaders()
                      .getFirst("Authorization")
                      .equals(Credentials.basic("ubuntu", "pw")));
          byte[] body = answer.getBytes(StandardCharsets.UTF_8);
          boolean list = exchange.getRequestMethod().equals("GET");
          exchange.sendResponseHeaders(list ? 200 : 204, list ? body.length : -1);
          if (list) {
            exchange.getResponseBody().write(body);
          }
          exchange.close();
        });
    selkies.start();
    HttpUrl address = HttpUrl.get("http://127.0.0.1:" + selkies.getAddress().getPort());
    disconnector =
        new Disconnector(
            desktop -> !desktop.template().equals("kasm"),
            desktop -> new ApiResult.Ok<>(CREDENTIALS),
            session -> address,
            outcomes::add);
  }

  @AfterEach
  void stop() {
    disconnector.close();
    selkies.stop(0);
  }

  @Test
  @DisplayName("every page of the desktop is closed")
  void disconnect() {
    disconnector.disconnect(List.of(desktop()));
    await().until(() -> requests.size() == 3);
    assertThat(requests)
        .containsExactlyInAnyOrder(
            "GET /api/sessions true",
            "DELETE /api/sessions/a1 true",
            "DELETE /api/sessions/..%2Fx true");
  }

  @Test
  @DisplayName("an answer that is no list closes nothing, and breaks nothing")
  void otherServer() {
    for (String body : List.of("[]", "<html>", "{}", "{\"sessions\": [1]}", "x".repeat(300_000))) {
      requests.clear();
      answer = body;
      disconnector.disconnect(List.of(desktop()));
      await().until(() -> !requests.isEmpty());
    }
    requests.clear();
    answer = "{\"sessions\": [{\"id\": \"a1\"}]}";
    disconnector.disconnect(List.of(desktop()));
    await().until(() -> requests.contains("DELETE /api/sessions/a1 true"));
  }

  @Test
  @DisplayName("a desktop that does not run is no failure; one that answers with rubbish is")
  void outcomes() {
    disconnector.disconnect(List.of(desktop()));
    await().until(() -> outcomes.equals(List.of(Disconnector.Outcome.DONE)));
    answer = "{";
    disconnector.disconnect(List.of(desktop()));
    await().until(() -> outcomes.getLast() == Disconnector.Outcome.FAILED);
    selkies.stop(0);
    disconnector.disconnect(List.of(desktop()));
    await().until(() -> outcomes.size() == 3);
    assertThat(outcomes.getLast()).isEqualTo(Disconnector.Outcome.ABSENT);
  }

  @Test
  @DisplayName("a desktop of another flavor cannot be asked, which is a failure")
  void otherFlavor() {
    Desktop selkies = desktop();
    disconnector.disconnect(
        List.of(
            new Desktop(
                selkies.session(),
                selkies.uid(),
                selkies.user(),
                "kasm",
                selkies.allowed(),
                selkies.origin(),
                selkies.state(),
                false,
                List.of())));
    await().until(() -> outcomes.equals(List.of(Disconnector.Outcome.FAILED)));
    assertThat(requests).isEmpty();
  }

  @Test
  @DisplayName("pages are counted by role; what cannot be known is empty")
  void count() {
    answer =
        "{\"sessions\": [{\"id\": \"a\", \"role\": \"controller\"}, {\"id\": \"b\", \"role\":"
            + " \"viewer\"}, {\"id\": \"c\"}]}";
    assertThat(disconnector.count(desktop())).contains(new Disconnector.Pages(2, 1));
    answer = "[";
    assertThat(disconnector.count(desktop())).isEmpty();
    selkies.stop(0);
    assertThat(disconnector.count(desktop())).isEmpty();
  }

  @Test
  @DisplayName("only the desktops of revoked sign-ins are taken, each once")
  void openDesktops() {
    OpenDesktops opened = new OpenDesktops();
    Holder alice =
        new Holder("s1", Optional.empty(), "a", "alice@example.com", NOW, NOW.plusSeconds(60));
    Holder bob =
        new Holder("s2", Optional.empty(), "b", "bob@example.com", NOW, NOW.plusSeconds(60));
    opened.allowed(owner(alice), desktop(), NOW);
    opened.allowed(owner(alice), desktop(), NOW);
    assertThat(taken(opened, Revocations.NONE)).isEmpty();
    Revocations revoked =
        Revocations.NONE
            .with(new Revocation.OfSignIn("s2"), NOW.plusSeconds(60), NOW)
            .orElseThrow();
    assertThat(taken(opened, revoked)).isEmpty();
    opened.allowed(owner(bob), desktop(), NOW);
    assertThat(taken(opened, revoked)).containsExactly(desktop());
    assertThat(taken(opened, revoked)).isEmpty();
  }

  private static Grant owner(Holder holder) {
    return new Grant(Role.OWNER, List.of(), holder);
  }

  private static Set<Desktop> taken(OpenDesktops opened, Revocations revocations) {
    return opened.takeEnded((grant, desktop) -> revocations.cover(grant.holder()));
  }

  private static Desktop desktop() {
    return new Desktop(
        new SessionKey("desks", "alice"),
        "uid",
        "alice@example.com",
        "base",
        AllowedUsers.EVERYBODY,
        URI.create("https://alice.example.com"),
        new Desktop.Running(),
        true,
        List.of());
  }
}
