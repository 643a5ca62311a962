package io.vdi.operator.common.notice;

/**
 * Pure: a notice in English, for mail, chat and the webhook. The portal has its own texts, in the
 * reader's language.
 *
 * @param subject one line
 * @param body some lines
 */
public record NoticeText(String subject, String body) {
  /** The text of a notice. */
  public static NoticeText of(Notice notice) {
    String desktop = "Desktop " + notice.session().name();
    String subject =
        switch (notice.kind()) {
          case EXPIRES_SOON -> desktop + " ends soon";
          case EXPIRED -> desktop + " has ended";
          case SLEEPS_SOON -> desktop + " goes to sleep soon";
          case SUSPENDED -> desktop + " sleeps";
          case NODE_DRAINING -> "The node of desktop " + notice.session().name() + " is drained";
          case QUOTA_FREED -> desktop + " starts";
        };
    String text =
        switch (notice.kind()) {
          case EXPIRES_SOON ->
              "%s (template %s) ends at %s: %s. Save your work. Extend the desktop to continue."
                  .formatted(desktop, notice.template(), notice.at(), why(notice.reason()));
          case EXPIRED ->
              "%s (template %s) ended at %s: %s. If it had a home, the home is kept."
                  .formatted(desktop, notice.template(), notice.at(), why(notice.reason()));
          case SLEEPS_SOON ->
              "%s (template %s) goes to sleep at %s: %s. Save your work. %s"
                  .formatted(
                      desktop,
                      notice.template(),
                      notice.at(),
                      why(notice.reason()),
                      notice.reason().equals("idle")
                          ? "Connect to continue."
                          : "Extend the desktop to continue.");
          case SUSPENDED ->
              "%s (template %s) sleeps since %s: %s. Its home is kept. Resume the desktop to continue."
                  .formatted(desktop, notice.template(), notice.at(), why(notice.reason()));
          case NODE_DRAINING ->
              "%s (template %s) runs on a node that is being drained. Save your work. The operator reports: %s"
                  .formatted(desktop, notice.template(), notice.reason());
          case QUOTA_FREED ->
              "%s (template %s) has waited for quota. There is room since %s, and it starts now."
                  .formatted(desktop, notice.template(), notice.at());
        };
    return new NoticeText(subject, notice.url().isEmpty() ? text : text + "\n\n" + notice.url());
  }

  private static String why(String reason) {
    return switch (reason) {
      case "timeout" -> "its timeout is reached";
      case "idle" -> "nobody has used it";
      case "schedule" -> "its schedule stops it";
      case "budget" -> "a budget of GPU hours is spent";
      case "suspended" -> "it has been asleep for as long as its template allows";
      case "neverStarted" -> "it was not ready in time";
      case "failed" -> "it has failed and nobody has corrected the cause";
      default -> reason;
    };
  }
}
