package io.vdi.operator.common.model;

import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One interval of use: a desktop ran in one pod; docs/specification.md, section 9. Its name is the
 * UID of the pod, so that a second process cannot record the same interval again.
 */
public record VdiUsage(ObjectMeta metadata, Spec spec) implements KubeObject {
  /** Value of {@link Labels#USAGE} while the interval has no end. */
  public static final String OPEN = "open";

  public VdiUsage {
    metadata = metadata == null ? ObjectMeta.EMPTY : metadata;
    spec = spec == null ? new Spec(null, null, null, null, null, null, null, null) : spec;
  }

  /**
   * @param groups the user's groups that {@code usage.groups} names
   * @param start when the desktop became ready, in whole seconds
   * @param end when the desktop ended, in whole seconds; null while it runs
   * @param reason why it ended, such as {@code Suspended}; null while it runs
   */
  public record Spec(
      Session session,
      String user,
      List<String> groups,
      String template,
      Gpu gpu,
      Instant start,
      Instant end,
      String reason) {
    public Spec {
      session = session == null ? new Session(null, null, null) : session;
      user = user == null ? "" : user;
      groups = groups == null ? List.of() : List.copyOf(groups);
      template = template == null ? "" : template;
      gpu = gpu == null ? new Gpu(null, 0) : gpu;
      start = start == null ? Instant.EPOCH : start;
    }

    /** Empty while the desktop runs. */
    public Optional<Instant> endedAt() {
      return Optional.ofNullable(end);
    }

    /** The part of the interval from one time to another; what has not ended lasts until then. */
    public Duration within(Instant from, Instant to) {
      Instant first = start.isBefore(from) ? from : start;
      Instant last = endedAt().filter(ended -> ended.isBefore(to)).orElse(to);
      return first.isBefore(last) ? Duration.between(first, last) : Duration.ZERO;
    }
  }

  public record Session(String namespace, String name, String uid) {
    public Session {
      namespace = namespace == null ? "" : namespace;
      name = name == null ? "" : name;
      uid = uid == null ? "" : uid;
    }

    public SessionKey key() {
      return new SessionKey(namespace, name);
    }
  }

  /**
   * @param resource the extended resource or the DeviceClass; empty without a GPU
   */
  public record Gpu(String resource, long count) {
    public Gpu {
      resource = resource == null ? "" : resource;
    }
  }

  public boolean isOpen() {
    return spec.end() == null;
  }

  /** Selects what has not ended, and what has ended in the month of {@code from} or later. */
  public static String selectorSince(Instant from, Instant now) {
    // An end can be some seconds in the future, by another clock.
    return Labels.USAGE + " in " + openOrIn(month(from), month(now).plusMonths(1));
  }

  /** Selects what has ended in the month of {@code to} or earlier. */
  public static String selectorUntil(Instant to, Instant now) {
    return Labels.USAGE + " notin " + openOrIn(month(to).plusMonths(1), month(now).plusMonths(1));
  }

  private static String openOrIn(YearMonth first, YearMonth last) {
    return Stream.concat(
            Stream.of(OPEN),
            Stream.iterate(first, m -> !m.isAfter(last), m -> m.plusMonths(1))
                .map(YearMonth::toString))
        .collect(Collectors.joining(",", "(", ")"));
  }

  private static YearMonth month(Instant time) {
    return YearMonth.from(time.atOffset(ZoneOffset.UTC));
  }

  /** The value of {@link Labels#USAGE} for an interval with this end. */
  public static String label(Optional<Instant> end) {
    return end.map(time -> month(time).toString()).orElse(OPEN);
  }
}
