package io.vdi.operator.reaper.notice;

import io.vdi.operator.runtime.config.ConfigReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import okhttp3.HttpUrl;

/**
 * The settings {@code notices.*}; docs/configuration.md explains each.
 *
 * @param source the {@code source} of CloudEvents
 * @param giveUpAfter how long after its time a notice is still sent
 * @param timeout for each attempt
 * @param queue how many notices wait for one sink
 */
public record NoticeConfig(
    String source,
    Duration giveUpAfter,
    Duration timeout,
    int queue,
    Optional<Webhook> webhook,
    Optional<Smtp> smtp,
    Optional<Chat> chat) {

  /** Where CloudEvents are sent. */
  public record Webhook(HttpUrl url, Optional<Path> tokenFile, Optional<Path> caFile) {}

  /**
   * How mails are sent.
   *
   * @param usernameFile empty: without authentication
   */
  public record Smtp(
      String host,
      int port,
      String from,
      Tls tls,
      Optional<Path> usernameFile,
      Optional<Path> passwordFile,
      Optional<Path> caFile) {}

  /** How a connection to the mail server is encrypted. */
  public enum Tls {
    /** It begins without TLS, and nothing is sent before {@code STARTTLS} has succeeded. */
    START_TLS,
    /** TLS from the first byte. */
    IMPLICIT,
    NONE
  }

  /**
   * How messages reach a chat.
   *
   * @param urlFile its content is the URL of an incoming webhook: whoever knows it can write to the
   *     channel
   */
  public record Chat(Path urlFile, Format format, Optional<Path> caFile) {}

  /** The format of chat messages. */
  public enum Format {
    /** Also of Mattermost and Rocket.Chat. */
    SLACK,
    TEAMS
  }

  /** Reads section {@code notices}. The reader collects the problems. */
  public static NoticeConfig read(ConfigReader read) {
    return new NoticeConfig(
        read.text("notices.source", text -> !text.isEmpty(), "must not be empty"),
        read.duration("notices.giveUpAfter"),
        read.duration("notices.timeout"),
        read.number("notices.queue", 1, 100_000),
        webhook(read),
        smtp(read),
        chat(read));
  }

  private static Optional<Webhook> webhook(ConfigReader read) {
    String text = read.text("notices.webhook.url");
    Optional<HttpUrl> url = Optional.ofNullable(HttpUrl.parse(text));
    read.require(
        text.isEmpty() || url.isPresent(),
        "notices.webhook.url \"%s\" must be an http or https address".formatted(text));
    return url.map(found ->
        new Webhook(
            found, file(read, "notices.webhook.tokenFile"), file(read, "notices.webhook.caFile")));
  }

  private static Optional<Smtp> smtp(ConfigReader read) {
    String host = read.text("notices.smtp.host");
    Smtp smtp =
        new Smtp(
            host,
            read.number("notices.smtp.port", 1, 65535),
            read.text("notices.smtp.from"),
            read.oneOf("notices.smtp.tls", Tls.class),
            file(read, "notices.smtp.usernameFile"),
            file(read, "notices.smtp.passwordFile"),
            file(read, "notices.smtp.caFile"));
    read.require(
        host.isEmpty() || MailSink.isAddress(smtp.from()),
        "notices.smtp.from \"%s\" must be the e-mail address of the sender, because notices.smtp.host is set"
            .formatted(smtp.from()));
    read.require(
        smtp.usernameFile().isPresent() == smtp.passwordFile().isPresent(),
        "notices.smtp.usernameFile and notices.smtp.passwordFile must be set together");
    read.require(
        smtp.tls() != Tls.NONE || smtp.usernameFile().isEmpty(),
        "notices.smtp.tls must not be none with notices.smtp.usernameFile: the password would be sent unencrypted");
    return Optional.of(smtp).filter(settings -> !settings.host().isEmpty());
  }

  private static Optional<Chat> chat(ConfigReader read) {
    Format format = read.oneOf("notices.chat.format", Format.class);
    Optional<Path> caFile = file(read, "notices.chat.caFile");
    return file(read, "notices.chat.urlFile").map(url -> new Chat(url, format, caFile));
  }

  private static Optional<Path> file(ConfigReader read, String key) {
    return Optional.of(read.text(key)).filter(text -> !text.isEmpty()).map(Path::of);
  }
}
