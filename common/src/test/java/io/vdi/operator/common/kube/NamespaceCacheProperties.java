package io.vdi.operator.common.kube;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vdi.operator.common.kube.ResourceCache.Change;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.testing.FakeApiServer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** A watch that lags by any number of events, our writes, those of others, and refreshes. */
class NamespaceCacheProperties {
  private static final ResourceType<VdiSession> TYPE = ResourceType.SESSION;
  private static final List<String> NAMES = List.of("a", "b");

  private enum Step {
    /** Another client creates or changes the object. */
    PUT,
    REMOVE,
    OUR_PUT,
    OUR_REMOVE,
    /** The watch delivers its next event. */
    DELIVER,
    REFRESH,
    /** An hour passes. */
    WAIT
  }

  private record Action(Step step, String name) {}

  @Property(tries = 100)
  void readsShowTheNewestStateThatAWriteAListOrTheWatchHasReported(
      @ForAll("actions") List<Action> actions) throws InterruptedException {
    List<String> history = new ArrayList<>();
    try (World world = new World()) {
      for (Action action : actions) {
        world.perform(action);
        history.add(action.step() + " " + action.name());
        assertThat(world.gotten()).as("get after %s", history).isEqualTo(world.expected());
        assertThat(world.listed()).as("list after %s", history).isEqualTo(world.expected());
      }
    }
  }

  @Provide
  Arbitrary<List<Action>> actions() {
    return Combinators.combine(Arbitraries.of(Step.class), Arbitraries.of(NAMES))
        .as(Action::new)
        .list()
        .ofMinSize(5)
        .ofMaxSize(40);
  }

  /**
   * The state of an object at a version of the server.
   *
   * @param uid empty: there is no object
   */
  private record State(long version, Optional<String> uid) {
    @Override
    public String toString() {
      return uid.orElse("none") + "@" + version;
    }
  }

  private record Event(String name, State state) {}

  private static final class World implements AutoCloseable {
    private final FakeApiServer server = FakeApiServer.start();
    private final KubeClient api = server.client();
    private final BlockingQueue<Change<VdiSession>> changes = new LinkedBlockingQueue<>();
    private final NamespaceCache<VdiSession> cache;
    private final Deque<Event> undelivered = new ArrayDeque<>();
    private final Map<String, State> actual = new HashMap<>();
    private final Map<String, State> known = new HashMap<>();

    /** The versions of our deletions that the watch has not delivered. */
    private final Set<Long> deletions = new HashSet<>();

    private long version = 100;
    private volatile Instant now = Instant.parse("2026-01-01T12:00:00Z");

    World() {
      cache =
          new NamespaceCache<>(
              api,
              "team",
              TYPE,
              "",
              () -> now,
              changes::add,
              (thread, error) -> {
                throw new AssertionError(error);
              });
      server.pauseWatches(true);
      cache.start();
      await().pollInterval(Duration.ofMillis(2)).until(cache::isSynced);
      NAMES.forEach(name -> {
        actual.put(name, new State(0, Optional.empty()));
        known.put(name, new State(0, Optional.empty()));
      });
    }

    void perform(Action action) throws InterruptedException {
      String name = action.name();
      Optional<VdiSession> shown = cache.get("team", name);
      // The API server refuses our write of an object that is not the one that we know.
      boolean accepted = shown.map(VdiSession::uid).equals(actual.get(name).uid());
      switch (action.step()) {
        case PUT -> put(name);
        case REMOVE -> remove(name);
        case OUR_PUT -> {
          if (accepted) {
            VdiSession stored = put(name);
            known.put(name, actual.get(name));
            if (shown.isEmpty()) {
              cache.created(stored);
            } else {
              cache.changed(stored);
            }
          }
        }
        case OUR_REMOVE -> {
          if (accepted && shown.isPresent()) {
            remove(name);
            known.put(name, actual.get(name));
            deletions.add(version);
            cache.deleted("team", name, shown.get().uid());
          }
        }
        case DELIVER -> deliver();
        case REFRESH -> {
          assertThat(cache.refresh().failure()).isEmpty();
          known.putAll(actual);
        }
        case WAIT -> {
          // Our deletion has no version: it is forgotten 30 s after any later one, also while the
          // watch lags.
          if (deletions.isEmpty()) {
            now = now.plus(Duration.ofHours(1));
          }
        }
      }
    }

    private VdiSession put(String name) {
      VdiSession stored =
          KubeGson.gson()
              .fromJson(
                  server.put(TYPE, "{metadata: {name: %s, namespace: team}}".formatted(name)),
                  VdiSession.class);
      version = Long.parseLong(stored.metadata().resourceVersion());
      happened(name, Optional.of(stored.uid()));
      return stored;
    }

    private void remove(String name) {
      if (actual.get(name).uid().isPresent()) {
        server.remove(TYPE, "team", name);
        version++;
        happened(name, Optional.empty());
      }
    }

    private void happened(String name, Optional<String> uid) {
      State state = new State(version, uid);
      actual.put(name, state);
      undelivered.add(new Event(name, state));
    }

    private void deliver() throws InterruptedException {
      if (!undelivered.isEmpty()) {
        Event event = undelivered.remove();
        server.passWatchEvents(1);
        assertThat(changes.poll(30, TimeUnit.SECONDS)).as("the change of %s", event).isNotNull();
        known.merge(event.name(), event.state(), (a, b) -> a.version() >= b.version() ? a : b);
        deletions.remove(event.state().version());
      }
    }

    Map<String, String> expected() {
      Map<String, String> expected = new TreeMap<>();
      known.forEach(
          (name, state) -> state.uid().ifPresent(uid -> expected.put(name, state.toString())));
      return expected;
    }

    Map<String, String> gotten() {
      Map<String, String> gotten = new TreeMap<>();
      NAMES.forEach(
          name -> cache.get("team", name).ifPresent(session -> gotten.put(name, text(session))));
      return gotten;
    }

    Map<String, String> listed() {
      Map<String, String> listed = new TreeMap<>();
      List<VdiSession> sessions = cache.list();
      sessions.forEach(session -> listed.put(session.name(), text(session)));
      assertThat(listed).as("no object is listed twice").hasSameSizeAs(sessions);
      return listed;
    }

    private static String text(VdiSession session) {
      return session.uid() + "@" + session.metadata().resourceVersion();
    }

    @Override
    public void close() {
      cache.close();
      api.close();
      server.close();
    }
  }
}
