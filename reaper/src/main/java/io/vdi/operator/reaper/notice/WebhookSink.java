package io.vdi.operator.reaper.notice;

import com.google.gson.JsonObject;
import io.vdi.operator.common.notice.Notice;
import io.vdi.operator.common.notice.NoticeText;
import io.vdi.operator.runtime.webhook.CloudEvent;
import io.vdi.operator.runtime.webhook.WebhookClient;
import java.time.Duration;
import java.util.Optional;

/** Sends CloudEvents; docs/specification.md, section 5. */
final class WebhookSink implements NoticeSink {
  private final NoticeConfig.Webhook settings;
  private final String source;
  private final WebhookClient http;

  WebhookSink(NoticeConfig.Webhook settings, String source, Duration timeout) {
    this.settings = settings;
    this.source = source;
    this.http =
        new WebhookClient(
            new WebhookClient.Settings(settings.tokenFile(), settings.caFile(), timeout));
  }

  @Override
  public String name() {
    return "webhook";
  }

  @Override
  public WebhookClient.Outcome send(Notice notice) {
    return http.post(settings.url(), CloudEvent.MEDIA_TYPE, event(notice).json().toString());
  }

  private CloudEvent event(Notice notice) {
    JsonObject data = new JsonObject();
    data.addProperty("namespace", notice.session().namespace());
    data.addProperty("name", notice.session().name());
    data.addProperty("uid", notice.uid());
    data.addProperty("user", notice.user());
    data.addProperty("template", notice.template());
    data.addProperty("reason", notice.reason());
    data.addProperty("at", notice.at().toString());
    data.addProperty("url", notice.url());
    data.addProperty("message", NoticeText.of(notice).body());
    return new CloudEvent(
        notice.id(),
        source,
        "io.vdi.notice." + notice.kind().text(),
        notice.at(),
        Optional.of(notice.session().toString()),
        data);
  }

  @Override
  public void close() {
    http.close();
  }
}
