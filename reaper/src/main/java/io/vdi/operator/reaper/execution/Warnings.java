package io.vdi.operator.reaper.execution;

import io.vdi.operator.reaper.policy.ReapReason;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;

/**
 * Remembers which warnings are out, and the ends that they announced. The memory is lost with the
 * process; the Event itself, which is found by its deterministic name, then tells since when the
 * warning is out.
 */
final class Warnings {
  /** How a warning reached its user. */
  enum State {
    /** Its Event exists, or the API server refused it permanently. */
    RECORDED,
    /**
     * Its Event could not be written yet. The end does not wait for it: a user who can prevent
     * Events, such as by a quota, must not prevent the end.
     */
    NOT_RECORDED,
    /** A dry run has only logged it. It does not count after the dry run. */
    DRY_RUN
  }

  /**
   * A warning on one session for one reason.
   *
   * @param end the end that it announced
   */
  record Warning(Instant end, State state) {}

  private final BooleanSupplier dryRun;
  private final Map<String, Map<ReapReason, Warning>> byUid = new ConcurrentHashMap<>();

  Warnings(BooleanSupplier dryRun) {
    this.dryRun = dryRun;
  }

  void put(String uid, ReapReason reason, Warning warning) {
    byUid.merge(
        uid,
        Map.of(reason, warning),
        (before, added) -> {
          Map<ReapReason, Warning> all = new EnumMap<>(before);
          all.putAll(added);
          return Map.copyOf(all);
        });
  }

  Optional<Warning> find(String uid, ReapReason reason) {
    return Optional.ofNullable(byUid.getOrDefault(uid, Map.of()).get(reason));
  }

  /** The announced ends that count now. */
  Map<ReapReason, Instant> ends(String uid) {
    Map<ReapReason, Instant> ends = new EnumMap<>(ReapReason.class);
    byUid
        .getOrDefault(uid, Map.of())
        .forEach((reason, warning) -> {
          if (warning.state() != State.DRY_RUN || dryRun.getAsBoolean()) {
            ends.put(reason, warning.end());
          }
        });
    return ends;
  }

  /** Withdraws the warnings for all other reasons. */
  void retain(String uid, Set<ReapReason> reasons) {
    byUid.computeIfPresent(
        uid,
        (key, before) -> {
          Map<ReapReason, Warning> remaining = new EnumMap<>(ReapReason.class);
          before.forEach((reason, warning) -> {
            if (reasons.contains(reason)) {
              remaining.put(reason, warning);
            }
          });
          return remaining.isEmpty() ? null : Map.copyOf(remaining);
        });
  }

  void forget(String uid) {
    byUid.remove(uid);
  }
}
