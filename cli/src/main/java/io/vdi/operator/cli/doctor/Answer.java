package io.vdi.operator.cli.doctor;

/** What a check has come to. */
public sealed interface Answer {
  /**
   * All is well.
   *
   * @param seen what was seen, in a few words
   */
  record Fine(String seen) implements Answer {}

  /** It is not. */
  record Found(Finding finding) implements Answer {}

  /**
   * It could not be asked, or there is nothing to ask.
   *
   * @param why in a few words
   */
  record Skipped(String why) implements Answer {}
}
