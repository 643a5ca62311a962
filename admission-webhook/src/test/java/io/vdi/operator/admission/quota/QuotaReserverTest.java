package io.vdi.operator.admission.quota;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import com.google.gson.JsonObject;
import io.vdi.operator.admission.FakeApi;
import io.vdi.operator.admission.quota.QuotaReserver.ReservationResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.WatchedNamespaces;
import io.vdi.operator.common.quota.QuotaLimits;
import io.vdi.operator.common.quota.QuotaRequest;
import io.vdi.operator.common.quota.QuotaScope;
import io.vdi.operator.common.quota.ResourceAmounts;
import io.vdi.operator.common.testing.CapturedLog;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QuotaReserverTest {
  private static final String CONFIG_MAPS = "/api/v1/namespaces/vdi-system/configmaps";
  private static final String RESERVATIONS = CONFIG_MAPS + "/" + Reservations.NAME;
  private static final String SESSIONS = "/apis/vdi.kasm.io/v1alpha1/namespaces/desks/vdisessions/";
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final int LIMIT = 3;
  private static final int MAX_PER_USER = 5;

  private final FakeApi api = new FakeApi();
  private final AtomicLong elapsed = new AtomicLong();
  private final SessionIndex sessions =
      new SessionIndex(api.client(), WatchedNamespaces.ALL, InstantSource.system());
  private final QuotaReserver reserver = reserver(api.client());

  @AfterEach
  void close() {
    reserver.close();
  }

  @Test
  void grantsUntilTheLimitAndThenDeniesWithTheNumbers() throws Exception {
    reserver.start();
    for (int i = 0; i < LIMIT; i++) {
      assertThat(reserve("id-" + i)).isEqualTo(new ReservationResult.Granted());
    }
    assertThat(reserve("one-more"))
        .isInstanceOfSatisfying(
            ReservationResult.Exceeded.class,
            exceeded ->
                assertThat(exceeded.limits().getFirst().message())
                    .isEqualTo("Session quota exceeded for cluster: used 3, requested 1, limit 3"));
    assertThat(stored()).containsExactlyInAnyOrder("dropped", "id-0", "id-1", "id-2");
  }

  @Test
  void theSameIdIsGrantedOnce() throws Exception {
    reserver.start();
    for (int i = 0; i < 2 * LIMIT; i++) {
      assertThat(reserve("id")).isEqualTo(new ReservationResult.Granted());
    }
    assertThat(stored()).containsExactlyInAnyOrder("dropped", "id");
  }

  @Test
  void waitingRequestsAreDecidedTogetherWithOneWrite() throws Exception {
    List<Future<ReservationResult>> results = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 5 * LIMIT; i++) {
        String id = "id-" + i;
        results.add(threads.submit(() -> reserve(id)));
      }
      Awaitility.await().until(() -> reserver.pending() == 5 * LIMIT);
      reserver.start();
      int granted = 0;
      for (Future<ReservationResult> result : results) {
        granted += result.get() instanceof ReservationResult.Granted ? 1 : 0;
      }
      assertThat(granted).isEqualTo(LIMIT);
    }
    assertThat(api.count("POST", CONFIG_MAPS) + api.count("PUT", CONFIG_MAPS)).isEqualTo(1);
  }

  @Test
  void aConflictIsDecidedAgainOnTheNewVersion() throws Exception {
    reserver.start();
    assertThat(reserve("first")).isEqualTo(new ReservationResult.Granted());
    AtomicBoolean once = new AtomicBoolean();
    api.failWith((method, path) -> {
      if (method.equals("PUT") && once.compareAndSet(false, true)) {
        // Another replica grants the two shares that are left.
        JsonObject other = api.get(RESERVATIONS).deepCopy();
        JsonObject data = other.getAsJsonObject("data");
        data.addProperty("other-1", data.get("first").getAsString());
        data.addProperty("other-2", data.get("first").getAsString());
        api.put(RESERVATIONS, other.toString());
      }
      return Optional.empty();
    });
    assertThat(reserve("late")).isInstanceOf(ReservationResult.Exceeded.class);
    assertThat(stored()).containsExactlyInAnyOrder("dropped", "first", "other-1", "other-2");
  }

  @Test
  void anotherReplicaThatCreatesTheConfigMapFirstIsAConflictToo() throws Exception {
    AtomicBoolean once = new AtomicBoolean();
    api.failWith((method, path) -> {
      if (method.equals("POST") && once.compareAndSet(false, true)) {
        api.put(RESERVATIONS, "{data: {dropped: '0'}}");
      }
      return Optional.empty();
    });
    reserver.start();
    assertThat(reserve("id")).isEqualTo(new ReservationResult.Granted());
    assertThat(stored()).containsExactlyInAnyOrder("dropped", "id");
  }

  @Test
  void endlessConflictsAreUndecided() throws Exception {
    api.put(RESERVATIONS, "{data: {dropped: '0'}}");
    api.failWith((method, path) ->
        method.equals("PUT")
            ? Optional.of(new FakeApi.Status(409, "Conflict", "modified"))
            : Optional.empty());
    reserver.start();
    assertThat(reserve("id"))
        .isEqualTo(new ReservationResult.Undecided("too many concurrent requests"));
  }

  @Test
  void anUnreachableApiServerIsUndecidedAndNothingIsGranted() throws Exception {
    api.failWith((method, path) -> {
      throw new IOException("connection refused");
    });
    reserver.start();
    assertThat(reserve("id"))
        .isEqualTo(new ReservationResult.Undecided("the API server does not answer"));
    assertThat(api.get(RESERVATIONS)).isNull();
  }

  @Test
  void withoutAListOfSessionsNothingIsDenied() throws Exception {
    reserver.start();
    for (int i = 0; i < LIMIT; i++) {
      reserve("id-" + i);
    }
    api.failWith((method, path) ->
        path.endsWith("vdisessions")
            ? Optional.of(new FakeApi.Status(500, "InternalError", "no"))
            : Optional.empty());
    assertThat(reserve("one-more"))
        .isEqualTo(new ReservationResult.Undecided("the API server does not list sessions"));
  }

  @Test
  void aSlowApiServerIsUndecidedAfterTheLimitAndLeavesNoReservation() throws Exception {
    CountDownLatch slow = new CountDownLatch(1);
    api.failWith((method, path) -> {
      try {
        slow.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return Optional.empty();
    });
    reserver.start();
    // The first occupies the writer; the second gives up before the writer takes it.
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<ReservationResult> first = threads.submit(() -> reserve("first"));
      Awaitility.await().until(() -> api.count("GET", CONFIG_MAPS) == 1);
      assertThat(reserver.reserve("gives-up", request(), true, Duration.ofMillis(10)))
          .isEqualTo(new ReservationResult.Undecided("no answer from the API server within 1 s"));
      slow.countDown();
      assertThat(first.get()).isEqualTo(new ReservationResult.Granted());
    }
    assertThat(reserve("next")).isEqualTo(new ReservationResult.Granted());
    assertThat(stored()).containsExactlyInAnyOrder("dropped", "first", "next");
  }

  @Test
  void anObservedSessionReplacesItsReservation() throws Exception {
    reserver.start();
    assertThat(reserve("a")).isEqualTo(new ReservationResult.Granted());
    putSession("desk", "a");
    // The denial of the fourth share reads everything again, and finds the session.
    assertThat(reserve("b")).isEqualTo(new ReservationResult.Granted());
    assertThat(reserve("c")).isEqualTo(new ReservationResult.Granted());
    assertThat(reserve("d")).isInstanceOf(ReservationResult.Exceeded.class);
    JsonObject data = api.get(RESERVATIONS).getAsJsonObject("data");
    assertThat(data.keySet()).containsExactlyInAnyOrder("dropped", "b", "c");
    assertThat(data.get("dropped").getAsLong()).as("version of the session").isPositive();
  }

  @Test
  void aReservationWithoutASessionExpiresAfterAMinuteOfElapsedTime() throws Exception {
    reserver.start();
    for (int i = 0; i < LIMIT; i++) {
      reserve("id-" + i);
    }
    // The time counts from when the replica first reads a reservation.
    assertThat(reserve("id-0")).isEqualTo(new ReservationResult.Granted());
    elapsed.addAndGet(Duration.ofSeconds(59).toNanos());
    assertThat(reserve("too-early")).isInstanceOf(ReservationResult.Exceeded.class);
    elapsed.addAndGet(Duration.ofSeconds(2).toNanos());
    assertThat(reserve("later")).isEqualTo(new ReservationResult.Granted());
    assertThat(stored()).containsExactlyInAnyOrder("dropped", "later");
  }

  @Test
  void aReplicaThatIsBehindListsTheSessionsBeforeItGrants() throws Exception {
    putSession("one", "1");
    putSession("two", "2");
    putSession("three", "3");
    // Another replica has observed them; the watch of this one has not.
    api.put(RESERVATIONS, "{data: {dropped: '103'}}");
    reserver.start();
    assertThat(reserve("id")).isInstanceOf(ReservationResult.Exceeded.class);
  }

  @Test
  void aReleasedVersionOfAnotherHistoryIsReplacedByThatOfTheApiServer() throws Exception {
    putSession("one", "1");
    api.put(RESERVATIONS, "{data: {dropped: '987654321'}}");
    reserver.start();
    try (CapturedLog log = CapturedLog.of(QuotaReserver.class)) {
      assertThat(reserve("a")).isEqualTo(new ReservationResult.Granted());
      assertThat(reserve("b")).isEqualTo(new ReservationResult.Granted());
      assertThat(reserve("c")).isInstanceOf(ReservationResult.Exceeded.class);
      assertThat(
              log.messages(Level.WARN).stream().filter(m -> m.contains("restored from a backup")))
          .hasSize(1);
    }
    JsonObject data = api.get(RESERVATIONS).getAsJsonObject("data");
    assertThat(data.keySet()).containsExactlyInAnyOrder("dropped", "a", "b");
    assertThat(data.get("dropped").getAsLong()).as("the version of the list").isEqualTo(102);
  }

  @Test
  void reservationsOfAnotherHistoryCountUntilTheyExpire() throws Exception {
    reserver.start();
    for (int i = 0; i < LIMIT; i++) {
      reserve("other-" + i);
    }
    JsonObject restored = api.get(RESERVATIONS).deepCopy();
    restored.getAsJsonObject("data").addProperty("dropped", "987654321");
    api.put(RESERVATIONS, restored.toString());
    // The first answer is a conflict, after which the reservations are read again.
    assertThat(reserve("early")).isInstanceOf(ReservationResult.Exceeded.class);
    elapsed.addAndGet(Duration.ofSeconds(61).toNanos());
    assertThat(reserve("later")).isEqualTo(new ReservationResult.Granted());
    assertThat(stored()).containsExactlyInAnyOrder("dropped", "later");
  }

  @Test
  void aVersionThatIsNewerThanAnEarlierListIsNoOtherHistory() throws Exception {
    putSession("one", "1");
    putSession("two", "2");
    AtomicBoolean once = new AtomicBoolean();
    api.failWith((method, path) -> {
      if (method.equals("POST") && once.compareAndSet(false, true)) {
        // After this replica's list, another one admits a session and observes it.
        putSession("three", "3");
        api.put(RESERVATIONS, "{data: {dropped: '103'}}");
      }
      return Optional.empty();
    });
    reserver.start();
    assertThat(reserve("id")).isInstanceOf(ReservationResult.Exceeded.class);
    assertThat(api.get(RESERVATIONS).getAsJsonObject("data").get("dropped").getAsLong())
        .isEqualTo(103);
  }

  @Test
  void aDryRunWritesNothing() throws Exception {
    reserver.start();
    assertThat(reserver.reserve("id", request(), false, LONG))
        .isEqualTo(new ReservationResult.Granted());
    assertThat(api.get(RESERVATIONS)).isNull();
  }

  @Test
  void anEntryThatCannotBeReadIsDeletedByTheNextWrite() throws Exception {
    api.put(RESERVATIONS, "{data: {dropped: x, broken: '{', other: '[]', empty: ''}}");
    reserver.start();
    assertThat(reserve("id")).isEqualTo(new ReservationResult.Granted());
    assertThat(stored()).containsExactlyInAnyOrder("dropped", "id");
  }

  @Test
  void aRefusedWriteIsUndecidedAfterAllAttempts() throws Exception {
    AtomicInteger writes = new AtomicInteger();
    api.failWith((method, path) -> {
      if (method.equals("POST")) {
        writes.incrementAndGet();
        return Optional.of(new FakeApi.Status(403, "Forbidden", "no permission"));
      }
      return Optional.empty();
    });
    reserver.start();
    assertThat(reserve("id")).isInstanceOf(ReservationResult.Undecided.class);
    assertThat(writes.get()).isBetween(2, 40);
  }

  @Test
  void aWriterThatHangsIsReported() throws Exception {
    CountDownLatch hang = new CountDownLatch(1);
    api.failWith((method, path) -> {
      try {
        hang.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return Optional.empty();
    });
    reserver.start();
    assertThat(reserver.stuck()).isEmpty();
    reserver.reserve("id", request(), true, Duration.ofMillis(1));
    Awaitility.await().until(() -> api.count("GET", CONFIG_MAPS) == 1);
    elapsed.addAndGet(Duration.ofMinutes(6).toNanos());
    assertThat(reserver.stuck()).isEqualTo("the writer of reservations is stuck");
    hang.countDown();
    Awaitility.await().until(() -> reserver.stuck().isEmpty());
  }

  @Test
  void reportsThatTheWriterHasDied() throws InterruptedException {
    List<String> fatal = new CopyOnWriteArrayList<>();
    try (QuotaReserver dying =
        new QuotaReserver(
            api.client(),
            "vdi-system",
            sessions,
            name -> Optional.empty(),
            () -> {
              throw new StackOverflowError("too deep");
            },
            () -> MAX_PER_USER,
            () -> Instant.parse("2026-01-01T12:00:00Z"),
            elapsed::get,
            (thread, error) -> fatal.add(thread + ": " + error.getMessage()))) {
      dying.start();
      dying.reserve("id", request(), true, Duration.ofMillis(1));
      Awaitility.await().until(() -> fatal.equals(List.of("reservations: too deep")));
    }
  }

  /** A user whose requests fail after this webhook must not use up the ConfigMap. */
  @Test
  void oneUserHasABoundedNumberOfReservations() throws InterruptedException {
    QuotaLimits unlimited = new QuotaLimits(QuotaLimits.Mode.REJECT, Map.of());
    try (QuotaReserver open =
        new QuotaReserver(
            api.client(),
            "vdi-system",
            sessions,
            name -> Optional.empty(),
            () -> unlimited,
            () -> MAX_PER_USER,
            () -> Instant.parse("2026-01-01T12:00:00Z"),
            elapsed::get)) {
      open.start();
      for (int i = 0; i < MAX_PER_USER; i++) {
        assertThat(open.reserve("id-" + i, request(), true, LONG))
            .isEqualTo(new ReservationResult.Granted());
      }
      assertThat(open.reserve("more", request(), true, LONG))
          .isEqualTo(
              new ReservationResult.Undecided(
                  "5 requests of user alice@example.com are in progress, and 5 are allowed"
                      + " (admission.maxReservationsPerUser)"));
      assertThat(open.reserve("dry", request(), false, LONG))
          .isEqualTo(new ReservationResult.Granted());
      QuotaRequest other =
          new QuotaRequest("bob@example.com", "desks", "t", new ResourceAmounts(1, 1, 0));
      assertThat(open.reserve("other", other, true, LONG))
          .isEqualTo(new ReservationResult.Granted());
      putSession("observed", "id-0");
      assertThat(open.reserve("more", request(), true, LONG))
          .as("after a session was observed")
          .isEqualTo(new ReservationResult.Granted());
    }
  }

  /** Each is the key of an entry in the ConfigMap. */
  @ParameterizedTest
  @CsvSource({
    "0b5bb6fc-64a8-4e8f-a1a3-3a2a5a3c8d3f, true",
    "42, true",
    "dropped, false",
    "a/b, false",
    "ä, false",
    "'', false"
  })
  void anIdIsALegalKey(String id, boolean legal) {
    assertThat(QuotaReserver.isId(id)).isEqualTo(legal);
    assertThat(QuotaReserver.isId(id.repeat(200))).isFalse();
  }

  private ReservationResult reserve(String id) throws InterruptedException {
    return reserver.reserve(id, request(), true, LONG);
  }

  private QuotaReserver reserver(KubeClient client) {
    QuotaLimits limits =
        new QuotaLimits(
            QuotaLimits.Mode.REJECT,
            Map.of(
                QuotaScope.CLUSTER,
                new QuotaLimits.ScopeLimits(
                    new ResourceAmounts(
                        LIMIT, ResourceAmounts.UNLIMITED, ResourceAmounts.UNLIMITED),
                    Map.of())));
    return new QuotaReserver(
        client,
        "vdi-system",
        sessions,
        name -> Optional.empty(),
        () -> limits,
        () -> MAX_PER_USER,
        () -> Instant.parse("2026-01-01T12:00:00Z"),
        elapsed::get);
  }

  private void putSession(String name, String reservation) {
    api.put(
        SESSIONS + name,
        """
        {metadata: {namespace: desks, annotations: {"%s": "%s"}},
         spec: {user: alice@example.com, template: t}}
        """
            .formatted(Annotations.RESERVATION, reservation));
  }

  private Iterable<String> stored() {
    return api.get(RESERVATIONS).getAsJsonObject("data").keySet();
  }

  private static QuotaRequest request() {
    return new QuotaRequest("alice@example.com", "desks", "t", new ResourceAmounts(1, 1, 0));
  }
}
