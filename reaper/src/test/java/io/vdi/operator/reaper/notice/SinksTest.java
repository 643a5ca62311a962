package io.vdi.operator.reaper.notice;

import static io.vdi.operator.reaper.notice.NoticeFixture.NOON;
import static io.vdi.operator.reaper.notice.NoticeFixture.notice;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import io.vdi.operator.common.notice.Notice;
import io.vdi.operator.common.notice.Notice.Kind;
import io.vdi.operator.reaper.notice.NoticeConfig.Tls;
import io.vdi.operator.runtime.webhook.WebhookClient.Outcome;
import jakarta.mail.internet.MimeMessage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import okhttp3.HttpUrl;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each sink against a small server of its kind. */
class SinksTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(2);
  private final Notice notice = notice("0123456789abcdef", Kind.SUSPENDED);

  @TempDir private Path folder;

  @Test
  @DisplayName("the webhook gets a CloudEvent with the id of the notice, and the token")
  void webhook() throws IOException {
    Path token = Files.writeString(folder.resolve("token"), "secret\n");
    try (FakeReceiver receiver = new FakeReceiver();
        WebhookSink sink =
            new WebhookSink(
                new NoticeConfig.Webhook(
                    HttpUrl.get(receiver.url()), Optional.of(token), Optional.empty()),
                "/cluster-1",
                TIMEOUT)) {
      assertThat(sink.send(notice)).isEqualTo(new Outcome.Delivered());
      FakeReceiver.Request request = receiver.requests().getFirst();
      assertThat(request.contentType()).startsWith("application/cloudevents+json");
      assertThat(request.authorization()).isEqualTo("Bearer secret");
      JsonObject event = request.json();
      assertThat(event.get("specversion").getAsString()).isEqualTo("1.0");
      assertThat(event.get("id").getAsString()).isEqualTo(notice.id());
      assertThat(event.get("source").getAsString()).isEqualTo("/cluster-1");
      assertThat(event.get("type").getAsString()).isEqualTo("io.vdi.notice.Suspended");
      assertThat(event.get("subject").getAsString()).isEqualTo("team-a/desk");
      JsonObject data = event.getAsJsonObject("data");
      assertThat(data.get("user").getAsString()).isEqualTo("alice@example.com");
      assertThat(data.get("reason").getAsString()).isEqualTo("idle");
      assertThat(data.get("at").getAsString()).isEqualTo(NOON.toString());
      receiver.answer(400);
      assertThat(sink.send(notice)).isInstanceOf(Outcome.Refused.class);
      receiver.answer(503);
      assertThat(sink.send(notice)).isInstanceOf(Outcome.Failed.class);
    }
  }

  @Test
  @DisplayName("a receiver that hangs is given up after the timeout")
  void hangingWebhook() throws IOException {
    try (FakeReceiver receiver = new FakeReceiver();
        WebhookSink sink =
            new WebhookSink(
                new NoticeConfig.Webhook(
                    HttpUrl.get(receiver.url()), Optional.empty(), Optional.empty()),
                "/",
                Duration.ofMillis(300))) {
      receiver.hang(true);
      assertThat(sink.send(notice)).isInstanceOf(Outcome.Failed.class);
    }
  }

  @Test
  @DisplayName("a chat gets a text in which the name of a user mentions nobody")
  void slack() throws IOException {
    try (FakeReceiver receiver = new FakeReceiver()) {
      Path url = Files.writeString(folder.resolve("url"), receiver.url() + "\n");
      try (ChatSink sink = chat(url, NoticeConfig.Format.SLACK)) {
        Notice hostile = notice("id", Kind.EXPIRED, "<!channel>`@here`@x.y", NOON);
        assertThat(sink.send(hostile)).isEqualTo(new Outcome.Delivered());
        String text = receiver.requests().getFirst().json().get("text").getAsString();
        assertThat(text)
            .startsWith("`&lt;!channel&gt;'@here'@x.y`: Desktop desk")
            .doesNotContain("<!");
        Files.writeString(url, "no address");
        assertThat(sink.send(notice)).isInstanceOf(Outcome.Failed.class);
        Files.delete(url);
        assertThat(sink.send(notice)).isInstanceOf(Outcome.Failed.class);
      }
    }
  }

  @Test
  @DisplayName("Teams gets an adaptive card with plain text")
  void teams() {
    JsonObject card =
        ChatSink.message(notice, NoticeConfig.Format.TEAMS)
            .getAsJsonArray("attachments")
            .get(0)
            .getAsJsonObject()
            .getAsJsonObject("content");
    assertThat(card.get("type").getAsString()).isEqualTo("AdaptiveCard");
    assertThat(card.toString()).contains("RichTextBlock", "alice@example.com: Desktop desk");
  }

  private static ChatSink chat(Path url, NoticeConfig.Format format) {
    return new ChatSink(new NoticeConfig.Chat(url, format, Optional.empty()), TIMEOUT);
  }

  @Test
  @DisplayName("the user gets a mail with a stable Message-ID")
  void mail() throws Exception {
    try (FakeMailServer server = FakeMailServer.plain();
        MailSink sink = mail(server.port(), Tls.NONE, Optional.empty())) {
      assertThat(sink.send(notice)).isEqualTo(new Outcome.Delivered());
      MimeMessage mail = server.received().getFirst();
      assertThat(mail.getAllRecipients()[0]).hasToString("alice@example.com");
      assertThat(mail.getFrom()[0]).hasToString("vdi@example.com");
      assertThat(mail.getSubject()).isEqualTo("Desktop desk sleeps");
      assertThat(mail.getMessageID()).isEqualTo("<0123456789abcdef@vdi.kasm.io>");
      assertThat(mail.getHeader("Auto-Submitted")).containsExactly("auto-generated");
      assertThat(mail.getContent().toString())
          .contains("nobody has used it", "https://alice.vdi.example.com");
      assertThat(sink.send(notice("id", Kind.EXPIRED, "a\nBcc:b@x.y", NOON)))
          .isInstanceOf(Outcome.Refused.class);
    }
  }

  @Test
  @DisplayName("the mail server is authenticated to with the files, and not without TLS")
  void mailLogin() throws Exception {
    Path user = Files.writeString(folder.resolve("user"), "vdi\n");
    try (FakeMailServer server = FakeMailServer.plain("vdi", "secret")) {
      try (MailSink sink = mail(server.port(), Tls.NONE, Optional.of(user))) {
        Files.writeString(folder.resolve("password"), "wrong");
        assertThat(sink.send(notice)).isInstanceOf(Outcome.Failed.class);
        Files.writeString(folder.resolve("password"), "secret\n");
        assertThat(sink.send(notice)).isEqualTo(new Outcome.Delivered());
      }
      try (MailSink sink = mail(server.port(), Tls.START_TLS, Optional.of(user))) {
        assertThat(sink.send(notice))
            .as("the server offers no STARTTLS")
            .isInstanceOfSatisfying(
                Outcome.Failed.class,
                failed -> assertThat(failed.why()).contains("notices.smtp.tls"));
      }
      assertThat(server.received()).hasSize(1);
    }
  }

  @Test
  @DisplayName("a mail server that accepts connections and says nothing is given up")
  void hangingMail() throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        MailSink sink = mail(silent.getLocalPort(), Tls.NONE, Optional.empty())) {
      assertThat(sink.send(notice)).isInstanceOf(Outcome.Failed.class);
    }
  }

  private MailSink mail(int port, Tls tls, Optional<Path> user) {
    return new MailSink(
        new NoticeConfig.Smtp(
            "127.0.0.1",
            port,
            "vdi@example.com",
            tls,
            user,
            user.map(_ -> folder.resolve("password")),
            Optional.empty()),
        Duration.ofMillis(1500),
        () -> NOON);
  }
}
