package io.vdi.operator.admission.quota;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import io.vdi.operator.admission.FakeApi;
import io.vdi.operator.admission.quota.QuotaReserver.ReservationResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.kube.ResourceCache.Change;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ConfigMap;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.WatchedNamespaces;
import io.vdi.operator.common.quota.QuotaLimits;
import io.vdi.operator.common.quota.QuotaRequest;
import io.vdi.operator.common.quota.QuotaScope;
import io.vdi.operator.common.quota.ResourceAmounts;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * Replicas whose watch of sessions has any age, and whose watch of claims reports nothing at all;
 * requests that are slow or fail; a controller that lags; homes that grow, are retained, deleted
 * and reused: the homes never exceed the limit, and a request that fits is never denied.
 */
class StorageQuotaProperties {
  private static final long GIB = 1L << 30;
  private static final int LIMIT = 12;
  private static final int NAMES = 6;
  private static final int STEPS = 90;
  private static final String SESSIONS = "/apis/vdi.kasm.io/v1alpha1/namespaces/desks/vdisessions/";
  private static final String CLAIMS = "/api/v1/namespaces/desks/persistentvolumeclaims/vdi-data-";
  private static final String RESERVATIONS =
      "/api/v1/namespaces/vdi-system/configmaps/" + Reservations.NAME;
  private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");
  private static final QuotaLimits QUOTA =
      new QuotaLimits(
          QuotaLimits.Mode.REJECT,
          Map.of(
              QuotaScope.USER,
              new QuotaLimits.ScopeLimits(
                  new ResourceAmounts(
                      ResourceAmounts.UNLIMITED, ResourceAmounts.UNLIMITED, LIMIT * GIB),
                  Map.of())));

  @Property(tries = 60)
  void theLimitHoldsWithWatchesOfAnyAge(@ForAll long seed) throws InterruptedException {
    try (World world = new World(seed)) {
      for (int step = 0; step < STEPS; step++) {
        world.step();
        assertThat(world.used()).as("in use at step %s", step).isLessThanOrEqualTo(LIMIT);
      }
    }
  }

  /**
   * @param version of the session that an update is based on; 0 for a new session
   */
  private record Request(String id, String name, int size, long version) {}

  private static final class Replica implements AutoCloseable {
    final SessionIndex index;
    final QuotaReserver reserver;
    int position;

    Replica(KubeClient api) {
      index = new SessionIndex(api, WatchedNamespaces.ALL, () -> NOW);
      reserver =
          new QuotaReserver(
              api,
              "vdi-system",
              index,
              name -> Optional.empty(),
              () -> QUOTA,
              () -> 1000,
              () -> NOW,
              () -> 0);
      reserver.start();
    }

    @Override
    public void close() {
      reserver.close();
    }
  }

  private static final class World implements AutoCloseable {
    private final Random random;
    private final FakeApi api = new FakeApi();
    private final List<Replica> replicas = new ArrayList<>();
    private final List<Change<VdiSession>> events = new ArrayList<>();
    private final Map<String, VdiSession> sessions = new TreeMap<>();
    private final Map<String, Integer> claims = new TreeMap<>();

    /** Of the sessions as the controller has observed them. */
    private final Map<String, Integer> observedSizes = new HashMap<>();

    private final List<Request> inFlight = new ArrayList<>();
    private int controllerPosition;
    private int ids;

    World(long seed) {
      random = new Random(seed);
      KubeClient client = api.client();
      for (int i = 0; i < 3; i++) {
        replicas.add(new Replica(client));
      }
    }

    void step() throws InterruptedException {
      String name = "s" + random.nextInt(NAMES);
      Replica replica = replicas.get(random.nextInt(replicas.size()));
      switch (random.nextInt(14)) {
        case 0, 1, 2 -> request(replica, new Request(nextId(), name, 1 + random.nextInt(4), 0));
        case 3 -> {
          VdiSession session = sessions.get(name);
          if (session != null) {
            int size = size(session) + 1 + random.nextInt(4);
            request(replica, new Request(nextId(), name, size, version(session)));
          }
        }
        case 4, 5 -> {
          if (!inFlight.isEmpty()) {
            land(inFlight.remove(random.nextInt(inFlight.size())));
          }
        }
        case 6 -> {
          if (!inFlight.isEmpty()) {
            inFlight.remove(random.nextInt(inFlight.size()));
          }
        }
        case 7 -> lower(replica, name);
        case 8 -> {
          controllerPosition = advanced(controllerPosition);
          observeAsController();
        }
        case 9 -> makeClaim(name);
        case 10 -> delete(name);
        case 11 -> deleteHome(name);
        case 12 -> {
          int until = advanced(replica.position);
          events.subList(replica.position, until).forEach(replica.index::changed);
          replica.position = until;
        }
        default -> replica.index.refreshHomes(true);
      }
    }

    private void request(Replica replica, Request request) throws InterruptedException {
      ReservationResult result = reserve(replica, request.id(), request.name(), request.size());
      if (result.equals(new ReservationResult.Granted())) {
        inFlight.add(request);
      } else {
        assertThat(result).isInstanceOf(ReservationResult.Exceeded.class);
        Map<String, Integer> counted = homes();
        // A reservation counts until its session is observed, also if the request has failed.
        reservations()
            .forEach(entry ->
                counted.merge(
                    entry.request().claim().replace("vdi-data-", ""),
                    (int) (entry.request().amount().storage() / GIB),
                    Math::max));
        counted.merge(request.name(), request.size(), Math::max);
        assertThat(sum(counted)).as("with the request that was denied").isGreaterThan(LIMIT);
      }
    }

    private static ReservationResult reserve(Replica replica, String id, String name, int size)
        throws InterruptedException {
      QuotaRequest request =
          new QuotaRequest(
              "alice@example.com",
              "desks",
              "t",
              new ResourceAmounts(1, 0, size * GIB),
              "vdi-data-" + name);
      return replica.reserver.reserve(id, request, true, Duration.ofSeconds(20));
    }

    private Collection<Reservations.Entry> reservations() {
      return Optional.ofNullable(api.get(RESERVATIONS))
          .map(map -> KubeGson.gson().fromJson(map, ConfigMap.class))
          .map(map -> Reservations.of(map).entries().values())
          .orElseGet(List::of);
    }

    private void land(Request request) {
      VdiSession session = sessions.get(request.name());
      boolean current =
          request.version() == 0
              ? session == null
              : session != null && version(session) == request.version();
      if (current) {
        store(
            request.name(),
            request.version() == 0 ? request.id() : session.uid(),
            request.id(),
            request.size());
      }
    }

    private void store(String name, String uid, String reservation, int size) {
      VdiSession session =
          KubeGson.gson()
              .fromJson(
                  api.put(
                      SESSIONS + name,
                      """
                      {metadata: {namespace: desks, uid: '%s',
                                  annotations: {'vdi.kasm.io/reservation': '%s'}},
                       spec: {user: alice@example.com, template: t, persistence: {size: %dGi}}}
                      """
                          .formatted(uid, reservation, size)),
                  VdiSession.class);
      events.add(
          new Change<>(Optional.ofNullable(sessions.put(name, session)), Optional.of(session)));
    }

    /** Not below what the claim has; the webhook reads it from the API server. */
    private void lower(Replica replica, String name) throws InterruptedException {
      VdiSession session = sessions.get(name);
      int size = Math.max(1, claims.getOrDefault(name, 1));
      if (session != null && size < size(session)) {
        ReservationResult result = reserve(replica, nextId() + "-former", name, size(session));
        assertThat(result).isEqualTo(new ReservationResult.Granted());
        store(
            name,
            session.uid(),
            session.metadata().annotation(Annotations.RESERVATION).orElseThrow(),
            size);
      }
    }

    private void observeAsController() {
      observedSizes.clear();
      for (Change<VdiSession> event : events.subList(0, controllerPosition)) {
        if (event.now().isPresent()) {
          observedSizes.put(event.object().name(), size(event.object()));
        } else {
          observedSizes.remove(event.object().name());
        }
      }
    }

    /** The controller makes the claim of a session as it has observed it, or lets it grow. */
    private void makeClaim(String name) {
      Integer size = observedSizes.get(name);
      if (size != null && size > claims.getOrDefault(name, 0)) {
        claims.put(name, size);
        api.put(
            CLAIMS + name,
            """
            {metadata: {namespace: desks, uid: 'claim-%d',
                        annotations: {'vdi.kasm.io/user': 'alice@example.com'}},
             spec: {resources: {requests: {storage: %dGi}}}}
            """
                .formatted(ids++, size));
      }
    }

    /** The finalizer: the controller has observed the deletion and writes nothing afterwards. */
    private void delete(String name) {
      VdiSession session = sessions.remove(name);
      if (session != null) {
        api.remove(SESSIONS + name);
        VdiSession last =
            KubeGson.gson()
                .fromJson(
                    """
                    {metadata: {name: %s, namespace: desks, uid: '%s', resourceVersion: '%d'},
                     spec: {user: alice@example.com, template: t, persistence: {size: %dGi}}}
                    """
                        .formatted(name, session.uid(), currentVersion(), size(session)),
                    VdiSession.class);
        events.add(new Change<>(Optional.of(last), Optional.empty()));
        controllerPosition = events.size();
        observeAsController();
      }
    }

    /** The garbage collector, or a person, deletes a home without a session. */
    private void deleteHome(String name) {
      if (!sessions.containsKey(name) && claims.remove(name) != null) {
        api.remove(CLAIMS + name);
      }
    }

    private int advanced(int position) {
      return position + random.nextInt(events.size() - position + 1);
    }

    private long currentVersion() {
      JsonObject marker = api.put("/api/v1/namespaces/desks/configmaps/marker", "{}");
      return marker.getAsJsonObject("metadata").get("resourceVersion").getAsLong();
    }

    private String nextId() {
      return "id-" + ids++;
    }

    /** Each home once, with the largest size that anything gives it. */
    private Map<String, Integer> homes() {
      Map<String, Integer> homes = new HashMap<>(claims);
      sessions.forEach((name, session) -> homes.merge(name, size(session), Math::max));
      inFlight.forEach(request -> homes.merge(request.name(), request.size(), Math::max));
      return homes;
    }

    int used() {
      return sum(homes());
    }

    private static int sum(Map<String, Integer> homes) {
      return homes.values().stream().mapToInt(size -> size).sum();
    }

    private static int size(VdiSession session) {
      return Integer.parseInt(session.spec().persistence().size().replace("Gi", ""));
    }

    private static long version(VdiSession session) {
      return Long.parseLong(session.metadata().resourceVersion());
    }

    @Override
    public void close() {
      replicas.forEach(Replica::close);
    }
  }
}
