package io.vdi.operator.common.model;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Fills in the fields that a session leaves open: the session's value, else the template's, else
 * the operator's default; docs/specification.md, section 1. The admission webhook writes the result
 * into the object; the controller uses it for sessions that were created without the webhook.
 */
public final class Defaults {
  public static final int GPU = 1;
  public static final String MEMORY = "4Gi";
  public static final String CPU = "2";

  /** How much of the node's disk a desktop may fill: its container, its logs and emptyDirs. */
  public static final String EPHEMERAL_STORAGE = "10Gi";

  public static final String SIZE = "10Gi";
  public static final String TIMEOUT = "8h";
  public static final String STARTUP_TIMEOUT = "10m";

  /** As the idle timeout of a session: it never becomes idle. As drainGrace: it never moves. */
  public static final String NEVER = "0s";

  private Defaults() {}

  /**
   * A session with a value for every field.
   *
   * @param idleTimeout at most the maxIdleTimeout of the template; empty: never
   * @param drainGrace how long a desktop stays on a node that is drained; empty: the operator does
   *     not stop it
   * @param schedule when the desktop starts and stops
   * @param problems one message per illegal value, with field and value. The schema rejects such
   *     values, but an object that is older than the schema may have one; the operator's default
   *     replaces it.
   */
  public record EffectiveSpec(
      int gpu,
      String memory,
      String cpu,
      String ephemeralStorage,
      boolean persistent,
      String size,
      Optional<String> storageClassName,
      ReclaimPolicy reclaimPolicy,
      Duration timeout,
      Optional<Duration> idleTimeout,
      IdleAction idleAction,
      Optional<Duration> deleteAfterSuspended,
      Optional<Duration> maxTimeout,
      Duration startupTimeout,
      Optional<Duration> drainGrace,
      Schedule schedule,
      List<String> problems) {

    /** How long the session may run: its timeout, at most the maxTimeout of the template. */
    public Duration lifetime() {
      return maxTimeout.filter(max -> max.compareTo(timeout) < 0).orElse(timeout);
    }
  }

  /** All fields of the session. */
  public static EffectiveSpec effectiveSpec(VdiSession.Spec session, VdiTemplate.Spec template) {
    List<String> problems = new ArrayList<>();
    VdiSession.Persistence home = session.persistence();
    return new EffectiveSpec(
        gpu(session, template),
        quantity(
            "resources.memory",
            first(session.resources().memory(), template.resources().defaultMemory(), MEMORY),
            MEMORY,
            problems),
        quantity(
            "resources.cpu",
            first(session.resources().cpu(), template.resources().defaultCPU(), CPU),
            CPU,
            problems),
        quantity(
            "resources.ephemeralStorage",
            first(template.resources().ephemeralStorage(), null, EPHEMERAL_STORAGE),
            EPHEMERAL_STORAGE,
            problems),
        first(home.enabled(), null, true),
        size(session, template, problems),
        Optional.ofNullable(
            first(home.storageClassName(), template.persistence().storageClassName(), null)),
        first(home.reclaimPolicy(), template.persistence().reclaimPolicy(), ReclaimPolicy.DELETE),
        duration("timeout", first(session.timeout(), template.timeout(), TIMEOUT), problems)
            .orElse(Duration.ofHours(8)),
        idleTimeout(session, template, problems),
        first(session.idleAction(), template.idleAction(), IdleAction.SUSPEND),
        Optional.ofNullable(template.deleteAfterSuspended())
            .flatMap(text -> duration("deleteAfterSuspended", text, problems)),
        Optional.ofNullable(template.maxTimeout())
            .flatMap(text -> duration("maxTimeout", text, problems)),
        duration(
                "startupTimeout", first(template.startupTimeout(), null, STARTUP_TIMEOUT), problems)
            .orElse(Duration.ofMinutes(10)),
        Optional.ofNullable(template.drainGrace())
            .filter(text -> !text.equals(NEVER))
            .flatMap(text -> duration("drainGrace", text, problems)),
        Schedule.of(first(session.schedule(), template.schedule(), List.of())),
        List.copyOf(problems));
  }

  /** Only the number of GPUs. */
  public static int gpu(VdiSession.Spec session, VdiTemplate.Spec template) {
    return first(session.resources().gpu(), template.resources().defaultGPU(), GPU);
  }

  /** Only the size of the home; empty if the session has none. */
  public static Optional<String> homeSize(VdiSession.Spec session, VdiTemplate.Spec template) {
    return first(session.persistence().enabled(), null, true)
        ? Optional.of(size(session, template, new ArrayList<>()))
        : Optional.empty();
  }

  /** At most the maxSize of the template, also where the admission webhook was not called. */
  private static String size(
      VdiSession.Spec session, VdiTemplate.Spec template, List<String> problems) {
    String size =
        quantity(
            "persistence.size",
            first(session.persistence().size(), template.persistence().size(), SIZE),
            SIZE,
            problems);
    return Optional.ofNullable(template.persistence().maxSize())
        .map(max -> quantity("persistence.maxSize", max, size, problems))
        .filter(max -> Quantities.isLarger(size, max))
        .orElse(size);
  }

  /**
   * A maximum also applies to sessions that set no idle timeout, or that are older than the
   * maximum: a user must not be able to evade it.
   */
  private static Optional<Duration> idleTimeout(
      VdiSession.Spec session, VdiTemplate.Spec template, List<String> problems) {
    Optional<Duration> max =
        Optional.ofNullable(template.maxIdleTimeout())
            .flatMap(text -> duration("maxIdleTimeout", text, problems));
    return Optional.ofNullable(first(session.idleTimeout(), template.idleTimeout(), null))
        .filter(text -> !text.equals(NEVER))
        .flatMap(text -> duration("idleTimeout", text, problems))
        .filter(idle -> max.filter(limit -> limit.compareTo(idle) < 0).isEmpty())
        .or(() -> max);
  }

  private static <T> T first(T own, T template, T operator) {
    return own != null ? own : template != null ? template : operator;
  }

  private static String quantity(
      String field, String text, String fallback, List<String> problems) {
    return legal(
                field,
                text,
                "a quantity above zero, such as " + fallback,
                Quantities::parse,
                problems)
            .isPresent()
        ? text
        : fallback;
  }

  private static Optional<Duration> duration(String field, String text, List<String> problems) {
    return legal(
        field, text, "a duration above zero, such as 8h or 1h30m", Durations::parse, problems);
  }

  private static <T> Optional<T> legal(
      String field,
      String text,
      String rule,
      Function<String, Optional<T>> parser,
      List<String> problems) {
    Optional<T> value = parser.apply(text);
    if (value.isEmpty()) {
      problems.add(field + " \"" + text + "\" is not " + rule);
    }
    return value;
  }
}
