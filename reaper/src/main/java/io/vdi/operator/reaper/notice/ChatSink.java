package io.vdi.operator.reaper.notice;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vdi.operator.common.notice.Notice;
import io.vdi.operator.common.notice.NoticeText;
import io.vdi.operator.runtime.webhook.WebhookClient;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Optional;
import okhttp3.HttpUrl;

/** Writes to a channel of a chat through its incoming webhook. */
final class ChatSink implements NoticeSink {
  private final NoticeConfig.Chat settings;
  private final WebhookClient http;

  ChatSink(NoticeConfig.Chat settings, Duration timeout) {
    this.settings = settings;
    this.http =
        new WebhookClient(new WebhookClient.Settings(Optional.empty(), settings.caFile(), timeout));
  }

  @Override
  public String name() {
    return "chat";
  }

  @Override
  public WebhookClient.Outcome send(Notice notice) {
    Optional<HttpUrl> url;
    try {
      url = Optional.ofNullable(HttpUrl.parse(Files.readString(settings.urlFile()).strip()));
    } catch (IOException e) {
      return new WebhookClient.Outcome.Failed(e.toString());
    }
    return url.map(address ->
            http.post(
                address,
                "application/json; charset=utf-8",
                message(notice, settings.format()).toString()))
        .orElseGet(() ->
            new WebhookClient.Outcome.Failed(
                settings.urlFile() + " must contain an http or https address"));
  }

  static JsonObject message(Notice notice, NoticeConfig.Format format) {
    return switch (format) {
      case SLACK -> slack(notice);
      case TEAMS -> teams(notice);
    };
  }

  /**
   * The address of a user is free text: as code without a character that ends it, it mentions
   * nobody and is no link.
   */
  private static JsonObject slack(Notice notice) {
    JsonObject message = new JsonObject();
    message.addProperty(
        "text",
        escape("`" + notice.user().replace('`', '\'') + "`: " + NoticeText.of(notice).body()));
    return message;
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }

  /** An adaptive card. Its RichTextBlock shows the text as it is, without Markdown. */
  private static JsonObject teams(Notice notice) {
    JsonObject run = new JsonObject();
    run.addProperty("type", "TextRun");
    run.addProperty("text", notice.user() + ": " + NoticeText.of(notice).body());
    JsonObject block = new JsonObject();
    block.addProperty("type", "RichTextBlock");
    block.add("inlines", list(run));
    JsonObject card = new JsonObject();
    card.addProperty("$schema", "http://adaptivecards.io/schemas/adaptive-card.json");
    card.addProperty("type", "AdaptiveCard");
    card.addProperty("version", "1.4");
    card.add("body", list(block));
    JsonObject attachment = new JsonObject();
    attachment.addProperty("contentType", "application/vnd.microsoft.card.adaptive");
    attachment.add("content", card);
    JsonObject message = new JsonObject();
    message.addProperty("type", "message");
    message.add("attachments", list(attachment));
    return message;
  }

  private static JsonArray list(JsonObject item) {
    JsonArray list = new JsonArray();
    list.add(item);
    return list;
  }

  @Override
  public void close() {
    http.close();
  }
}
