package io.vdi.operator.runtime.leader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.is;

import ch.qos.logback.classic.Level;
import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.testing.CapturedLog;
import io.vdi.operator.common.testing.FakeApiServer;
import io.vdi.operator.common.testing.FakeApiServer.Request;
import io.vdi.operator.runtime.leader.LeaderElector.LeaseTiming;
import io.vdi.operator.runtime.leader.LeaderElector.TermEnd;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The retry period is real and short; all other times are those of clocks that the test sets. */
@Timeout(60)
class LeaderElectorTest {
  private static final LeaseTiming TIMING =
      new LeaseTiming(Duration.ofSeconds(15), Duration.ofSeconds(10), Duration.ofMillis(2));
  private static final LeaderElectionConfig CONFIG =
      new LeaderElectionConfig(true, "vdi-system", "vdi-controller", TIMING);

  private final FakeApiServer server = FakeApiServer.start();
  private final KubeClient api = server.client();
  private final CapturedLog log = CapturedLog.of(LeaderElector.class);
  private final List<Candidate> candidates = new CopyOnWriteArrayList<>();

  /** Elapsed time; the wall clock is this time and what it was set forward or back. */
  private volatile Instant now = Instant.parse("2026-01-01T12:00:00Z");

  private volatile Duration wallClockShift = Duration.ZERO;

  /** One process that takes part in the election. */
  private final class Candidate {
    final AtomicInteger elections = new AtomicInteger();
    final AtomicReference<TermEnd> end = new AtomicReference<>();
    final AtomicReference<FormerLeader> former = new AtomicReference<>();
    final LeaderElector elector;
    final Thread thread;

    Candidate(String name) {
      this(new LeaseHolder("", name));
    }

    Candidate(LeaseHolder self) {
      elector =
          new LeaderElector(
              api, CONFIG, self, LeaderElectorTest.this::wallClock, LeaderElectorTest.this::nanos);
      candidates.add(this);
      thread =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  end.set(
                      elector.run(leader -> {
                        former.set(leader);
                        elections.incrementAndGet();
                      }));
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              });
    }

    Candidate awaitElected() {
      await().untilAtomic(elections, is(1));
      return this;
    }
  }

  @AfterEach
  void stop() {
    candidates.forEach(candidate -> candidate.thread.interrupt());
    log.close();
    api.close();
    server.close();
  }

  @Test
  @DisplayName("without a Lease the first candidate creates it and leads")
  void createsTheLease() {
    Candidate a = new Candidate("a").awaitElected();
    assertThat(a.elector.isLeader()).isTrue();
    JsonObject spec = spec();
    assertThat(spec.get("holderIdentity").getAsString()).isEqualTo("a");
    assertThat(spec.get("leaseDurationSeconds").getAsInt()).isEqualTo(15);
    assertThat(spec.get("leaseTransitions").getAsInt()).isEqualTo(1);
    assertThat(spec.get("acquireTime").getAsString()).isEqualTo("2026-01-01T12:00:00.000000Z");
    assertThat(spec.get("renewTime").getAsString()).isEqualTo("2026-01-01T12:00:00.000000Z");
    assertThat(log.messages(Level.INFO))
        .containsExactly("leading: a holds lease vdi-system/vdi-controller");
  }

  @Test
  @DisplayName("of two candidates one leads, also while time passes; the other one only reads")
  void twoCandidates() {
    new Candidate("a").awaitElected();
    Candidate b = new Candidate("b");
    for (int second = 0; second < 60; second += 5) {
      now = now.plusSeconds(5);
      awaitRenewal();
    }
    assertThat(b.elections).hasValue(0);
    assertThat(b.elector.isLeader()).isFalse();
    assertThat(holder()).isEqualTo("a");
    assertThat(server.requests(LeaderElectorTest::isWrite))
        .allMatch(request -> holder(request).equals("a"));
    assertThat(log.messages(Level.WARN)).isEmpty();
  }

  @Test
  @DisplayName("of two candidates that create the Lease at the same time, one gets a conflict")
  void createdByAnother() {
    AtomicBoolean first = new AtomicBoolean(true);
    server.before(
        request -> request.method().equals("POST") && first.getAndSet(false),
        () -> new Candidate("b").awaitElected());
    Candidate a = new Candidate("a");
    await().until(() -> log.messages(Level.WARN).size() == 1);
    assertThat(log.messages(Level.WARN).getFirst()).contains("already exists; trying again");
    assertThat(a.elections).hasValue(0);
    assertThat(holder()).isEqualTo("b");
  }

  @Test
  @DisplayName("a Lease expires when it has not changed for its duration, by the candidate's clock")
  void expiredLease() {
    // The holder's clock is a year ahead: it must not matter.
    server.put(ResourceType.LEASE, lease("dead", 15, "2027-01-01T00:00:00.000000Z"));
    Candidate b = new Candidate("b");
    awaitReads(2);
    expectElectedAfterLeaseDuration(b);
    assertThat(spec().get("leaseTransitions").getAsInt()).isEqualTo(8);
    assertThat(spec().get("acquireTime").getAsString()).isEqualTo("2026-01-01T12:00:15.000000Z");
  }

  @Test
  @DisplayName("each observed renewal starts the lease duration again")
  void renewedLease() {
    server.put(ResourceType.LEASE, lease("other", 15, "2026-01-01T12:00:00.000000Z"));
    Candidate b = new Candidate("b");
    awaitReads(2);
    now = now.plusSeconds(14);
    server.put(ResourceType.LEASE, lease("other", 15, "2026-01-01T12:00:14.000000Z"));
    awaitReads(2);
    expectElectedAfterLeaseDuration(b);
  }

  @Test
  @DisplayName("a slow read does not make the Lease expire earlier")
  void slowRead() throws InterruptedException {
    CountDownLatch release = new CountDownLatch(1);
    CountDownLatch arrived = server.block(request -> request.method().equals("GET"), release);
    Candidate b = new Candidate("b");
    arrived.await();
    now = now.plusSeconds(14);
    server.put(ResourceType.LEASE, lease("other", 15, "2026-01-01T12:00:14.000000Z"));
    release.countDown();
    awaitReads(2);
    expectElectedAfterLeaseDuration(b);
  }

  @Test
  @DisplayName("a Lease without a holder is taken immediately")
  void releasedLease() {
    server.put(ResourceType.LEASE, lease("", 1, "2026-01-01T12:00:00.000000Z"));
    new Candidate("b").awaitElected();
    assertThat(spec().get("leaseTransitions").getAsInt()).isEqualTo(8);
  }

  @Test
  @DisplayName("a process that finds itself as the holder renews without a new transition")
  void ownLease() {
    server.put(ResourceType.LEASE, lease("a", 15, "2026-01-01T11:59:50.000000Z"));
    new Candidate("a").awaitElected();
    assertThat(spec().get("leaseTransitions").getAsInt()).isEqualTo(7);
    assertThat(spec().get("acquireTime").getAsString()).isEqualTo("2026-01-01T11:00:00.000000Z");
  }

  @Test
  @DisplayName("a restarted container takes the Lease of its earlier process immediately")
  void restartedContainer() {
    server.put(ResourceType.LEASE, lease("pod_uid.1", 15, "2026-01-01T11:59:59.000000Z"));
    Candidate restarted = new Candidate(new LeaseHolder("pod_uid.", "pod_uid.2"));
    restarted.awaitElected();
    assertThat(restarted.former).hasValue(FormerLeader.EARLIER_PROCESS);
    assertThat(holder()).isEqualTo("pod_uid.2");
    assertThat(spec().get("leaseTransitions").getAsInt()).isEqualTo(8);
  }

  @Test
  @DisplayName("a process that did not get the answer knows that another replica led before")
  void lostAnswer() {
    server.put(ResourceType.LEASE, lease("", 1, "2026-01-01T12:00:00.000000Z"));
    AtomicBoolean first = new AtomicBoolean(true);
    server.before(
        request -> request.method().equals("PUT") && first.getAndSet(false),
        () ->
            server.put(ResourceType.LEASE, lease("pod_uid.2", 15, "2026-01-01T12:00:00.000000Z")));
    Candidate candidate = new Candidate(new LeaseHolder("pod_uid.", "pod_uid.2")).awaitElected();
    assertThat(candidate.former).hasValue(FormerLeader.OTHER_REPLICA);
  }

  @Test
  @DisplayName("a container of another pod waits until the Lease expires")
  void otherPod() {
    server.put(ResourceType.LEASE, lease("pod_uid.1", 15, "2026-01-01T11:59:59.000000Z"));
    Candidate other = new Candidate(new LeaseHolder("pod_other.", "pod_other.1"));
    awaitReads(4);
    expectElectedAfterLeaseDuration(other);
    assertThat(other.former).hasValue(FormerLeader.OTHER_REPLICA);
  }

  @Test
  @DisplayName(
      "an expired Lease that two candidates request at the same time is given to one of them")
  void conflict() {
    server.put(ResourceType.LEASE, lease("dead", 1, "2026-01-01T12:00:00.000000Z"));
    Candidate a = new Candidate("a");
    Candidate b = new Candidate("b");
    awaitReads(4);
    now = now.plusSeconds(15);
    await().until(() -> a.elections.get() + b.elections.get() > 0);
    now = now.plusSeconds(5);
    awaitReads(4);
    assertThat(a.elections.get() + b.elections.get()).isEqualTo(1);
  }

  @Test
  @DisplayName("renewals that fail for the renew deadline end the leadership")
  void lostRenewals() {
    Candidate a = new Candidate("a").awaitElected();
    server.reject(request -> true, 503, "ServiceUnavailable", "etcd has no leader");
    await().until(() -> !log.messages(Level.WARN).isEmpty());
    now = now.plusSeconds(9);
    awaitWrites(2);
    assertThat(a.elector.isLeader()).isTrue();
    assertThat(a.end).hasValue(null);
    now = now.plusSeconds(1);
    assertThat(a.elector.isLeader()).isFalse();
    await().untilAtomic(a.end, is(TermEnd.LOST));
    assertThat(log.messages(Level.WARN))
        .as("the same error is logged once")
        .containsExactly("lease vdi-system/vdi-controller: etcd has no leader; trying again");
    assertThat(log.messages(Level.ERROR))
        .containsExactly("lease vdi-system/vdi-controller is lost: etcd has no leader");
  }

  @Test
  @DisplayName("a short outage does not end the leadership")
  void outage() {
    Candidate a = new Candidate("a").awaitElected();
    server.disconnect(request -> true);
    now = now.plusSeconds(9);
    await().until(() -> !log.messages(Level.WARN).isEmpty());
    server.respondNormally();
    awaitRenewal();
    now = now.plusSeconds(9);
    assertThat(a.elector.isLeader()).isTrue();
    assertThat(a.end).hasValue(null);
  }

  @Test
  @DisplayName("while the renewal hangs, isLeader becomes false at the deadline by itself")
  void hangingRenewal() throws InterruptedException {
    Candidate a = new Candidate("a").awaitElected();
    CountDownLatch release = new CountDownLatch(1);
    CountDownLatch hangs = server.block(LeaderElectorTest::isWrite, release);
    hangs.await();
    assertThat(a.elector.isLeader()).isTrue();
    now = now.plusSeconds(10);
    assertThat(a.elector.isLeader()).isFalse();
    assertThat(a.end).as("run still waits for the answer").hasValue(null);
    release.countDown();
  }

  @Test
  @DisplayName("the deadline counts from before the call, not from its answer")
  void slowRenewal() throws InterruptedException {
    CountDownLatch release = new CountDownLatch(1);
    CountDownLatch arrived = server.block(request -> request.method().equals("POST"), release);
    server.reject(request -> request.method().equals("PUT"), 503, "Unavailable", "down");
    Candidate a = new Candidate("a");
    arrived.await();
    now = now.plusSeconds(8);
    release.countDown();
    a.awaitElected();
    assertThat(a.elector.isLeader()).isTrue();
    now = now.plusSeconds(2);
    assertThat(a.elector.isLeader()).isFalse();
  }

  @Test
  @DisplayName("a leader that finds another holder ends at once and does not take the Lease back")
  void takenByAnother() {
    Candidate a = new Candidate("a").awaitElected();
    server.put(ResourceType.LEASE, lease("b", 15, "2026-01-01T12:00:00.000000Z"));
    await().untilAtomic(a.end, is(TermEnd.LOST));
    assertThat(a.elector.isLeader()).isFalse();
    assertThat(log.messages(Level.ERROR))
        .containsExactly("lease vdi-system/vdi-controller is lost: held by b");
    assertThat(holder()).isEqualTo("b");
  }

  @Test
  @DisplayName("a deleted Lease is created again by its holder")
  void deletedLease() {
    Candidate a = new Candidate("a").awaitElected();
    server.remove(ResourceType.LEASE, "vdi-system", "vdi-controller");
    await()
        .until(() -> server.find(ResourceType.LEASE, "vdi-system", "vdi-controller").isPresent());
    assertThat(holder()).isEqualTo("a");
    assertThat(a.end).hasValue(null);
    assertThat(a.elections).hasValue(1);
  }

  @Test
  @DisplayName("release clears the holder, so that the next candidate leads without a wait")
  void release() throws InterruptedException {
    Candidate a = new Candidate("a").awaitElected();
    Candidate b = new Candidate("b");
    awaitReads(2);
    a.elector.release();
    await().untilAtomic(a.end, is(TermEnd.RELEASED));
    assertThat(a.elector.isLeader()).isFalse();
    b.awaitElected();
    assertThat(log.messages(Level.INFO)).contains("lease vdi-system/vdi-controller released");
    assertThat(spec().get("leaseTransitions").getAsInt()).isEqualTo(2);
  }

  @Test
  @DisplayName("release of a candidate ends its wait and writes nothing")
  void releaseWhileWaiting() throws InterruptedException {
    new Candidate("a").awaitElected();
    Candidate b = new Candidate("b");
    awaitReads(2);
    b.elector.release();
    await().untilAtomic(b.end, is(TermEnd.RELEASED));
    assertThat(holder()).isEqualTo("a");
    assertThat(b.elections).hasValue(0);
  }

  @Test
  @DisplayName("release does not clear a Lease that another process holds")
  void releaseAfterLoss() throws InterruptedException {
    Candidate a = new Candidate("a").awaitElected();
    server.put(ResourceType.LEASE, lease("b", 15, "2026-01-01T12:00:00.000000Z"));
    a.elector.release();
    await().until(() -> a.end.get() != null);
    assertThat(holder()).isEqualTo("b");
  }

  @Test
  @DisplayName("release before run returns immediately")
  void releaseBeforeRun() throws InterruptedException {
    LeaderElector elector =
        new LeaderElector(api, CONFIG, new LeaseHolder("", "a"), this::wallClock, this::nanos);
    elector.release();
    assertThat(elector.isLeader()).isFalse();
    assertThat(server.requests()).isEmpty();
  }

  @Test
  @DisplayName("a wall clock that is set back does not extend the leadership")
  void wallClockSetBack() {
    Candidate a = new Candidate("a").awaitElected();
    server.reject(request -> true, 503, "ServiceUnavailable", "etcd has no leader");
    await().until(() -> !log.messages(Level.WARN).isEmpty());
    wallClockShift = Duration.ofHours(-1);
    now = now.plusSeconds(9);
    assertThat(a.elector.isLeader()).isTrue();
    now = now.plusSeconds(1);
    assertThat(a.elector.isLeader()).isFalse();
    await().untilAtomic(a.end, is(TermEnd.LOST));
  }

  @Test
  @DisplayName("a wall clock that is set forward ends no leadership, and no candidate takes over")
  void wallClockSetForward() {
    Candidate a = new Candidate("a").awaitElected();
    Candidate b = new Candidate("b");
    awaitReads(2);
    wallClockShift = Duration.ofDays(365);
    assertThat(a.elector.isLeader()).isTrue();
    awaitRenewal();
    awaitReads(3);
    assertThat(a.end).hasValue(null);
    assertThat(b.elections).hasValue(0);
    assertThat(spec().get("renewTime").getAsString())
        .as("the Lease has the wall clock's time")
        .isEqualTo("2027-01-01T12:00:00.000000Z");
  }

  @Test
  @DisplayName("a candidate whose wall clock is set back waits no longer than the lease duration")
  void waitingCandidateSetBack() {
    server.put(ResourceType.LEASE, lease("dead", 15, "2026-01-01T12:00:00.000000Z"));
    Candidate b = new Candidate("b");
    awaitReads(2);
    wallClockShift = Duration.ofHours(-5);
    now = now.plusSeconds(15);
    b.awaitElected();
  }

  private Instant wallClock() {
    return now.plus(wallClockShift);
  }

  /** Begins with a negative number, as System.nanoTime may. */
  private long nanos() {
    return Duration.between(Instant.parse("2026-01-01T12:01:00Z"), now).toNanos();
  }

  /** Two: the answer of the second one is certainly of the present time. */
  private void awaitRenewal() {
    awaitWrites(2);
  }

  private void awaitWrites(int more) {
    int before = server.requests(LeaderElectorTest::isWrite).size();
    await().until(() -> server.requests(LeaderElectorTest::isWrite).size() >= before + more + 1);
  }

  private void awaitReads(int more) {
    int before = server.requests(request -> request.method().equals("GET")).size();
    await()
        .until(() ->
            server.requests(request -> request.method().equals("GET")).size() >= before + more + 1);
  }

  /** The candidate has just seen the Lease change. */
  private void expectElectedAfterLeaseDuration(Candidate candidate) {
    now = now.plusSeconds(14);
    awaitReads(4);
    assertThat(candidate.elections).hasValue(0);
    now = now.plusSeconds(1);
    candidate.awaitElected();
  }

  private static boolean isWrite(Request request) {
    return !request.method().equals("GET");
  }

  private static String holder(Request request) {
    return request.json().getAsJsonObject("spec").get("holderIdentity").getAsString();
  }

  private String holder() {
    return spec().get("holderIdentity").getAsString();
  }

  private JsonObject spec() {
    return server
        .find(ResourceType.LEASE, "vdi-system", "vdi-controller")
        .orElseThrow()
        .getAsJsonObject("spec");
  }

  private static String lease(String holder, int seconds, String renewTime) {
    return """
    {metadata: {name: vdi-controller, namespace: vdi-system},
     spec: {holderIdentity: '%s', leaseDurationSeconds: %d, leaseTransitions: 7,
       acquireTime: '2026-01-01T11:00:00.000000Z', renewTime: '%s'}}
    """
        .formatted(holder, seconds, renewTime);
  }
}
