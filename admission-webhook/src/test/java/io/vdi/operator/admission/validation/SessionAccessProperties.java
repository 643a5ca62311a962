package io.vdi.operator.admission.validation;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.vdi.operator.common.identity.Caller;
import io.vdi.operator.common.model.Annotations;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * Random sequences of requests, applied as the API server applies them. Nothing that bob sends
 * changes what alice has, and nothing that either sends sets what is reserved.
 */
class SessionAccessProperties {
  private static final Requests.Cluster CLUSTER =
      Requests.cluster("{image: x, timeout: 2h, maxTimeout: 4h, resources: {maxGPU: 2}}");
  private static final List<String> NAMES = List.of("one", "two", "three");
  private static final List<String> BOBS =
      List.of("bob@example.com", "Bob@Example.com", "oidc:bob@example.com", "bob", "alice", "");
  private static final List<String> ALICES = List.of("alice@example.com", "oidc:Alice@example.com");

  /** Values for {@code spec.user}: of both, and such that look like them. */
  private static final List<String> USERS =
      List.of(
          "alice@example.com",
          "bob@example.com",
          "ALICE@EXAMPLE.COM",
          "alice@example.com ",
          "alice@example.com\n",
          "bob@example.com,alice@example.com",
          "",
          "a\u017fice@example.com");

  private final Map<String, JsonObject> sessions = new TreeMap<>();
  private Random random = new Random(0);
  private int version;

  @Property(tries = 3000)
  void bobChangesNothingOfAlice(@ForAll long seed) {
    random = new Random(seed);
    sessions.clear();
    for (int step = 0; step < 40; step++) {
      String username = random.nextBoolean() ? pick(BOBS) : pick(ALICES);
      Caller caller = new Caller(username, List.of("system:authenticated"), Map.of());
      String name = pick(NAMES);
      Optional<JsonObject> before = Optional.ofNullable(sessions.get(name));
      String what = send(caller, name);
      Optional<JsonObject> after = Optional.ofNullable(sessions.get(name));
      if (before.equals(after)) {
        continue;
      }
      String owner = user(before.or(() -> after).orElseThrow());
      assertThat(owner.equals("alice@example.com") || owner.equals("ALICE@EXAMPLE.COM"))
          .as("%s by %s: %s -> %s", what, username, before, after)
          .isEqualTo(ALICES.contains(username));
      before.ifPresent(old -> after.ifPresent(now -> assertReservedUnchanged(old, now)));
      if (before.isEmpty()) {
        assertThat(reserved(after.orElseThrow()))
            .containsExactlyInAnyOrder(Annotations.CREATED_BY, Annotations.RESERVATION);
        assertThat(new RawObject(after.orElseThrow()).annotation(Annotations.CREATED_BY))
            .contains(username);
      }
      assertThat(after.map(RawObject::new).map(RawObject::ownerReferences).orElse(new JsonArray()))
          .isEqualTo(new JsonArray());
    }
  }

  /** Sends one random request; the operations of the API server, the real ones and the illegal. */
  private String send(Caller caller, String name) {
    Optional<JsonObject> old = Optional.ofNullable(sessions.get(name));
    switch (random.nextInt(8)) {
      case 0, 1 -> {
        if (old.isEmpty()) {
          JsonObject created =
              Requests.session("{user: '" + user() + "', template: t, timeout: 1h}");
          if (random.nextInt(3) == 0) {
            change(created);
          }
          write("CREATE", caller, name, created, old);
          return "create";
        }
        return "nothing";
      }
      case 2 -> {
        if (old.isPresent()) {
          AdmissionRequest request = request("DELETE", "", caller, name, Optional.empty(), old);
          if (isAllowed(request)) {
            delete(name, old.get());
          }
        }
        return "delete";
      }
      case 3 -> {
        if (old.isPresent()) {
          JsonObject status = old.get().deepCopy();
          status.add("status", Requests.session("{phase: Running}").get("spec"));
          if (isAllowed(request("UPDATE", "status", caller, name, Optional.of(status), old))) {
            sessions.put(name, status);
          }
        }
        return "status";
      }
      default -> {
        if (old.isPresent()) {
          JsonObject changed = old.get().deepCopy();
          for (int i = random.nextInt(3); i >= 0; i--) {
            change(changed);
          }
          write("UPDATE", caller, name, changed, old);
        }
        return "update";
      }
    }
  }

  private String user() {
    return random.nextInt(4) == 0
        ? pick(USERS).replace("\n", "")
        : pick(List.of("alice@example.com", "bob@example.com"));
  }

  /** The webhooks, in the order of the API server; it writes what they allow. */
  private void write(
      String operation, Caller caller, String name, JsonObject object, Optional<JsonObject> old) {
    object.getAsJsonObject("metadata").addProperty("name", name);
    // The match condition of the mutating webhook.
    if (old.map(RawObject::new).filter(RawObject::isDeleting).isEmpty()) {
      AdmissionRequest request = request(operation, "", caller, name, Optional.of(object), old);
      switch (CLUSTER.mutate(request)) {
        case Response.Allow allow -> Patches.apply(object, allow.patch());
        case Response.Deny deny -> throw new AssertionError(deny);
      }
    }
    boolean changes = old.isEmpty() || new RawObject(object).differsFrom(new RawObject(old.get()));
    if (isAllowed(request(operation, "", caller, name, Optional.of(object), old)) && changes) {
      object.getAsJsonObject("metadata").addProperty("resourceVersion", "" + ++version);
      if (new RawObject(object).isDeleting() && finalizers(object).isEmpty()) {
        sessions.remove(name);
      } else {
        sessions.put(name, object);
      }
    }
  }

  private void delete(String name, JsonObject old) {
    if (finalizers(old).isEmpty()) {
      sessions.remove(name);
    } else {
      JsonObject deleting = old.deepCopy();
      deleting.getAsJsonObject("metadata").addProperty("deletionTimestamp", "2026-01-01T00:00:00Z");
      sessions.put(name, deleting);
    }
  }

  private static JsonArray finalizers(JsonObject session) {
    return session.getAsJsonObject("metadata").get("finalizers") instanceof JsonArray list
        ? list
        : new JsonArray();
  }

  private static boolean isAllowed(AdmissionRequest request) {
    return !(CLUSTER.validate(request, Requests.POLICY) instanceof Response.Deny);
  }

  private void change(JsonObject session) {
    JsonObject metadata = session.getAsJsonObject("metadata");
    JsonObject spec = session.getAsJsonObject("spec");
    switch (random.nextInt(12)) {
      case 0 -> spec.addProperty("user", pick(USERS));
      case 1 -> spec.addProperty("timeout", pick(List.of("1h", "3h", "9h", "soon")));
      case 2 -> spec.addProperty("suspended", random.nextBoolean());
      case 3 -> spec.remove(pick(List.of("timeout", "resources", "user")));
      case 4 -> section(metadata, "labels").addProperty(key(), pick(NAMES));
      case 5 -> section(metadata, "annotations").addProperty(key(), pick(NAMES));
      case 6 -> section(metadata, "annotations").remove(key());
      case 7 -> metadata.remove(pick(List.of("annotations", "labels")));
      case 8 -> metadata.add("ownerReferences", array(pick(NAMES)));
      case 9 -> metadata.add("finalizers", array("vdi.kasm.io/session-cleanup"));
      case 10 -> metadata.remove("finalizers");
      default -> metadata.add("managedFields", array(pick(NAMES)));
    }
  }

  private String key() {
    return pick(
        List.of(
            "team",
            Annotations.KEEP,
            Annotations.CREATED_BY,
            Annotations.RESERVATION,
            Annotations.ENDED_BY,
            "vdi.kasm.io/user",
            "vdi.kasm.io/"));
  }

  private static JsonObject section(JsonObject parent, String field) {
    if (!(parent.get(field) instanceof JsonObject)) {
      parent.add(field, new JsonObject());
    }
    return parent.getAsJsonObject(field);
  }

  private static JsonArray array(String item) {
    JsonArray array = new JsonArray();
    array.add(item);
    return array;
  }

  private static Set<String> reserved(JsonObject session) {
    RawObject object = new RawObject(session);
    Set<String> keys = new TreeSet<>(object.annotations().keySet());
    keys.addAll(object.labels().keySet());
    keys.removeIf(key -> !key.startsWith("vdi.kasm.io/"));
    return keys;
  }

  private static void assertReservedUnchanged(JsonObject old, JsonObject now) {
    assertThat(reserved(now)).isEqualTo(reserved(old));
    JsonElement creator = new RawObject(old).annotations().get(Annotations.CREATED_BY);
    assertThat(new RawObject(now).annotations().get(Annotations.CREATED_BY)).isEqualTo(creator);
  }

  private static String user(JsonObject session) {
    return new RawObject(session).user();
  }

  private <T> T pick(List<T> from) {
    return from.get(random.nextInt(from.size()));
  }

  private static AdmissionRequest request(
      String operation,
      String subResource,
      Caller caller,
      String name,
      Optional<JsonObject> object,
      Optional<JsonObject> old) {
    return new AdmissionRequest(
        "uid-of-request",
        operation,
        "vdi.kasm.io",
        AdmissionRequest.SESSION,
        subResource,
        "desks",
        name,
        caller,
        false,
        object.map(JsonObject::deepCopy),
        old.map(JsonObject::deepCopy));
  }
}
