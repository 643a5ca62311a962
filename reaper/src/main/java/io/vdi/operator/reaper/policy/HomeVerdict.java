package io.vdi.operator.reaper.policy;

import java.time.Instant;

/** What happens to a home. */
public sealed interface HomeVerdict {
  /** Nothing: a session uses it, it is being deleted, or an annotation protects it. */
  record Ignore() implements HomeVerdict {}

  /** No session uses it: the time is written to its annotation {@code vdi.kasm.io/released-at}. */
  record MarkReleased(Instant since) implements HomeVerdict {}

  /** A session uses it again: the annotation is removed. */
  record ClearReleased() implements HomeVerdict {}

  /** No session uses it, and the retention period lasts until this time. */
  record Retain(Instant due) implements HomeVerdict {}

  /** No session uses it, and it is never deleted. */
  record RetainForever() implements HomeVerdict {}

  /** No session uses it, and the retention period is over. */
  record Delete(Instant due, String message) implements HomeVerdict {}
}
