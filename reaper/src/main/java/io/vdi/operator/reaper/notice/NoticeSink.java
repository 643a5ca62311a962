package io.vdi.operator.reaper.notice;

import io.vdi.operator.common.notice.Notice;
import io.vdi.operator.runtime.webhook.WebhookClient;

/** A way to reach users. */
interface NoticeSink extends AutoCloseable {
  /** Its name in the ledger, in metrics and in settings. */
  String name();

  /** Sends the notice once, within a time limit. It does not throw. */
  WebhookClient.Outcome send(Notice notice);

  /** Ends what is in progress. */
  @Override
  void close();
}
