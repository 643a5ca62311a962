package io.vdi.operator.controller.session.host;

import io.vdi.operator.common.identity.EmailAddress;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.SharedConfigMap;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.ConfigMap;
import io.vdi.operator.common.model.Hashes;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The hosts of deleted sessions, each kept for its former user for some time. Without this, the
 * bookmarks and cookies of a user would lead to the desktop of a stranger with the same local part.
 *
 * <p>The entries are in memory and in a ConfigMap, so that they survive a restart and a change of
 * the leader. Storing them is optional: a refused write never delays a deletion for long, and is
 * tried again later. docs/decisions/hosts.md explains the limits.
 */
public final class ReleasedHosts {
  private static final Logger LOG = LoggerFactory.getLogger(ReleasedHosts.class);

  /** The ConfigMap in the operator's namespace. */
  static final String NAME = "vdi-released-hosts";

  /** About 500 KiB; a ConfigMap can have 1 MiB. */
  static final int MAX_ENTRIES = 5000;

  /** A user who creates and deletes sessions in a loop only displaces the user's own entries. */
  static final int MAX_ENTRIES_OF_USER = 10;

  private static final int USER_HASH = 16;
  private static final int ATTEMPTS = 3;

  /** After a failed write the workers do not try again for this long. */
  private static final Duration PAUSE = Duration.ofSeconds(5);

  private final SharedConfigMap map;
  private final InstantSource clock;
  private final BooleanSupplier mayWrite;

  private final Map<String, Entry> entries = new HashMap<>();

  /** Counts the changes of the entries, and the changes that the ConfigMap contains. */
  private long noted;

  private volatile long stored;

  /** Held during a write. The fields below belong to it. */
  private final ReentrantLock writing = new ReentrantLock();

  private String version = "";
  private Instant nextAttempt = Instant.MIN;
  private String lastFailure = "";

  /**
   * @param user a hash of the e-mail address, because more people can read ConfigMaps than sessions
   */
  private record Entry(String user, Instant until) {
    private static final Comparator<Map.Entry<String, Entry>> FIRST_TO_END =
        Map.Entry.comparingByValue(Comparator.comparing(Entry::until));
  }

  private record Snapshot(long noted, Map<String, Entry> entries) {}

  /**
   * @param namespace of the operator
   * @param clock the API server's, because the times are compared with those of another leader
   * @param mayWrite whether this replica leads
   */
  public ReleasedHosts(
      KubeClient api, String namespace, InstantSource clock, BooleanSupplier mayWrite) {
    this.map = new SharedConfigMap(api, namespace, NAME);
    this.clock = clock;
    this.mayWrite = mayWrite;
  }

  /** Reads what the former leader stored. Must be called before the first host is given. */
  public Optional<ApiFailure> load() {
    writing.lock();
    try {
      ApiResult<ConfigMap> result = map.read();
      if (result.isNotFound()) {
        version = "";
        return Optional.empty();
      }
      result.ok().ifPresent(this::merge);
      return result.failure();
    } finally {
      writing.unlock();
    }
  }

  private synchronized void merge(ConfigMap read) {
    version = read.metadata().resourceVersion();
    read.data()
        .forEach((host, text) ->
            parse(text)
                .ifPresent(entry -> {
                  Entry known = entries.get(host);
                  if (known == null || known.until().isBefore(entry.until())) {
                    entries.put(host, entry);
                  }
                }));
  }

  /** An entry that cannot be read, which only a manual edit can cause, is skipped. */
  private static Optional<Entry> parse(String text) {
    String[] parts = text.split(" ", 2);
    try {
      return parts.length == 2
          ? Optional.of(new Entry(parts[0], Instant.ofEpochSecond(Long.parseLong(parts[1]))))
          : Optional.empty();
    } catch (NumberFormatException | DateTimeException e) {
      return Optional.empty();
    }
  }

  /** Whether the host is kept for a user other than this one. */
  synchronized boolean isKeptFromUser(String host, String email) {
    Entry entry = entries.get(host);
    return entry != null
        && entry.until().isAfter(clock.instant())
        && !entry.user().equals(hash(email));
  }

  /**
   * Keeps the host for this user from now on. Does not write; see {@link #store}.
   *
   * @param quarantine how long; zero: not at all
   */
  synchronized void note(String host, String email, Duration quarantine) {
    if (quarantine.isZero()) {
      return;
    }
    Instant now = clock.instant();
    String user = hash(email);
    Entry known = entries.get(host);
    // A deletion has several passes; only the first of them writes.
    Instant fresh = now.plus(quarantine.multipliedBy(9).dividedBy(10));
    if (known != null && known.user().equals(user) && !known.until().isBefore(fresh)) {
      return;
    }
    entries.put(host, new Entry(user, now.plus(quarantine)));
    entries.values().removeIf(entry -> !entry.until().isAfter(now));
    limit(MAX_ENTRIES_OF_USER, entry -> entry.user().equals(user));
    limit(MAX_ENTRIES, entry -> true);
    noted++;
  }

  private void limit(int max, Predicate<Entry> which) {
    List<String> matching =
        entries.entrySet().stream()
            .filter(entry -> which.test(entry.getValue()))
            .sorted(Entry.FIRST_TO_END)
            .map(Map.Entry::getKey)
            .toList();
    matching.subList(0, Math.max(0, matching.size() - max)).forEach(entries::remove);
  }

  /**
   * Writes what was noted, if it is not written yet. Concurrent callers share one write. Returns
   * when the own notes are stored, or when that failed: then a later call tries again.
   */
  public void store() {
    long target = noted();
    if (stored >= target) {
      return;
    }
    writing.lock();
    try {
      if (stored < target && !clock.instant().isBefore(nextAttempt) && mayWrite.getAsBoolean()) {
        write();
      }
    } finally {
      writing.unlock();
    }
  }

  private synchronized long noted() {
    return noted;
  }

  private synchronized Snapshot snapshot() {
    return new Snapshot(noted, Map.copyOf(entries));
  }

  private void write() {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Snapshot snapshot = snapshot();
      ApiResult<ConfigMap> result = map.write(version, data(snapshot.entries()));
      Optional<ApiFailure> failure = result.failure();
      if (failure.isEmpty()) {
        version = result.orElseThrow().metadata().resourceVersion();
        stored = snapshot.noted();
        lastFailure = "";
        return;
      }
      // Another leader has written, or somebody has deleted the ConfigMap: read it and try again.
      boolean changed = result.isConflict() || result.isAlreadyExists();
      if ((!changed && !(result.isNotFound() && !version.isEmpty())) || load().isPresent()) {
        failed(failure.get());
        return;
      }
    }
    failed(new ApiFailure.Transient("Conflict", "other clients change it all the time"));
  }

  private void failed(ApiFailure failure) {
    nextAttempt = clock.instant().plus(PAUSE);
    if (!failure.message().equals(lastFailure)) {
      lastFailure = failure.message();
      LOG.warn(
          "ConfigMap {} cannot be written: {}; trying again. Until then a restart of the controller"
              + " forgets which hosts were released",
          NAME,
          failure.message());
    }
  }

  private static Map<String, String> data(Map<String, Entry> content) {
    Map<String, String> data = new TreeMap<>();
    content.forEach(
        (host, entry) -> data.put(host, entry.user() + " " + entry.until().getEpochSecond()));
    return data;
  }

  private static String hash(String email) {
    return Hashes.sha256(EmailAddress.key(email), USER_HASH);
  }
}
