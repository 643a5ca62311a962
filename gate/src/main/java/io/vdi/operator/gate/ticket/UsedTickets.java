package io.vdi.operator.gate.ticket;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/**
 * Pure: the ids of tickets that were used, each until the ticket expires, as the data of a
 * ConfigMap.
 */
record UsedTickets(Map<String, String> data) {
  /** About 70 bytes each; more would need more than 300 tickets a second. */
  static final int MAX_ENTRIES = 9000;

  /** What became of a ticket. */
  sealed interface Use {
    /** It was not used before; this is recorded with it. */
    record First(UsedTickets next) implements Use {}

    record Again() implements Use {}

    /** There is no room to record it, so it cannot be accepted. */
    record Full() implements Use {}
  }

  UsedTickets {
    data = Map.copyOf(data);
  }

  Use use(String id, Instant expires, Instant now) {
    if (data.containsKey(id)) {
      return new Use.Again();
    }
    Map<String, String> next = new HashMap<>();
    data.forEach((used, until) -> {
      if (isNeeded(until, now)) {
        next.put(used, until);
      }
    });
    next.put(id, expires.toString());
    return next.size() > MAX_ENTRIES ? new Use.Full() : new Use.First(new UsedTickets(next));
  }

  private static boolean isNeeded(String until, Instant now) {
    try {
      return !Instant.parse(until).isBefore(now);
    } catch (DateTimeException e) {
      return false;
    }
  }
}
