package io.vdi.operator.reaper.notice;

import io.vdi.operator.common.notice.Notice;

/** Receives what becomes of notices, for metrics and Events. It must return quickly. */
public interface NoticeListener {
  /** How a notice was settled. */
  enum Outcome {
    DELIVERED("delivered"),
    /** The receiver does not accept it. */
    REFUSED("refused"),
    /** It could not be delivered in time. */
    GIVEN_UP("givenUp");

    private final String text;

    Outcome(String text) {
      this.text = text;
    }

    /** The value of the label {@code outcome}. */
    public String text() {
      return text;
    }
  }

  /**
   * A sink has settled a notice.
   *
   * @param why empty text if it was delivered
   */
  void settled(String sink, Notice notice, Outcome outcome, String why);
}
