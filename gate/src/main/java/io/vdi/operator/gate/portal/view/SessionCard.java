package io.vdi.operator.gate.portal.view;

import java.util.List;
import java.util.Optional;

/**
 * A session as the lists and its own page show it.
 *
 * @param id for elements of the page; unique among the sessions
 * @param path of its page
 * @param title of the template
 * @param owner the e-mail of the owner; empty if it is the reader
 * @param phase in words
 * @param tone the class of the phase's badge, which repeats in colour what the words say
 * @param message of the status; empty if there is none
 * @param size what the session uses, such as {@code 1 GPU, 2 CPU, 4 GiB}
 * @param open the address of the desktop, while it can be opened
 * @param visitors who has the desktop open beside its owner, in words
 * @param watch where an admin watches the desktop, while that is possible
 * @param extensions what Extend offers; empty if the session cannot be extended
 */
public record SessionCard(
    String id,
    String path,
    String name,
    String namespace,
    String title,
    Icon icon,
    Optional<String> owner,
    String phase,
    Tone tone,
    Message message,
    String size,
    List<Timer> timers,
    List<String> visitors,
    Optional<String> open,
    Optional<String> watch,
    boolean canShare,
    boolean canSuspend,
    boolean canResume,
    boolean canDelete,
    List<Choice> extensions) {

  public SessionCard {
    timers = List.copyOf(timers);
    visitors = List.copyOf(visitors);
    extensions = List.copyOf(extensions);
  }

  /** The colours of badges. */
  public enum Tone {
    GOOD,
    BUSY,
    CALM,
    BAD;

    /** The class of the style sheet. */
    public String css() {
      return switch (this) {
        case GOOD -> "good";
        case BUSY -> "busy";
        case CALM -> "calm";
        case BAD -> "bad";
      };
    }
  }

  /**
   * When something happens.
   *
   * @param at in ISO 8601; empty text if it is not at a certain time
   * @param moment the same for people
   */
  public record Timer(String text, String at, String moment) {}

  /** A value of a selection, and its label. */
  public record Choice(String value, String label) {}
}
