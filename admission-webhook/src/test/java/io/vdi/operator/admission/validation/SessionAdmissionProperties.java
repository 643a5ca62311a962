package io.vdi.operator.admission.validation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Whatever stands in an object: no crash, and no allow by accident. */
class SessionAdmissionProperties {
  private static final AdmissionContext VIEW =
      Requests.view("{image: x, timeout: 2h, resources: {defaultGPU: 1, maxGPU: 2}}");
  private static final List<String> FIELDS =
      List.of(
          "user", "template", "resources", "persistence", "timeout", "idleTimeout", "suspended");

  @Property
  void anyObjectGetsAnAnswer(
      @ForAll("json") JsonElement spec,
      @ForAll("json") JsonElement metadata,
      @ForAll("operation") String operation) {
    JsonObject object = new JsonObject();
    object.add("spec", spec);
    object.add("metadata", metadata);
    for (Optional<JsonObject> old :
        List.of(
            Optional.<JsonObject>empty(),
            Optional.of(object),
            Optional.of(Requests.session("{user: 'a@b.cc', template: t}")))) {
      AdmissionRequest request =
          Requests.request(operation, Requests.ADMIN, Optional.of(object), old);
      SessionAdmission.mutate(request, VIEW);
      SessionAdmission.validate(request, VIEW, Requests.POLICY);
    }
  }

  @Property
  void aSessionWithAnythingInOneFieldIsLetInOnlyIfThatIsLegal(
      @ForAll("field") String field, @ForAll("json") JsonElement value) {
    JsonObject session = Requests.session("{user: 'alice@example.com', template: t}");
    session.getAsJsonObject("spec").add(field, value);
    Decision decision =
        SessionAdmission.validate(Requests.create(session, Requests.ADMIN), VIEW, Requests.POLICY);
    boolean legal =
        switch (field) {
          case "user", "template" -> false;
          case "resources", "persistence" -> value.isJsonNull() || value.isJsonObject();
          case "suspended" ->
              value.isJsonNull() || (value instanceof JsonPrimitive p && p.isBoolean());
          default -> value.isJsonNull();
        };
    if (!legal) {
      assertEquals(422, assertInstanceOf(Decision.Deny.class, decision).code(), value.toString());
    }
  }

  @Property
  void aPatchLeavesNothingToDo(
      @ForAll("field") String field, @ForAll("json") JsonElement value, @ForAll boolean changed) {
    JsonObject session = Requests.session("{user: 'alice@example.com', template: t}");
    session.getAsJsonObject("spec").add(field, value);
    JsonObject old =
        Requests.session(
            "{user: 'alice@example.com', template: t, timeout: 3h, resources: {gpu: 1}}");
    Patches.apply(session, patch(session, old, changed));
    assertTrue(patch(session, old, changed).isEmpty(), session.toString());
  }

  private static JsonArray patch(JsonObject session, JsonObject old, boolean changed) {
    AdmissionRequest request =
        changed ? Requests.update(session, old) : Requests.create(session, Requests.ADMIN);
    return assertInstanceOf(Decision.Allow.class, SessionAdmission.mutate(request, VIEW)).patch();
  }

  @Provide
  Arbitrary<String> field() {
    return Arbitraries.of(FIELDS);
  }

  @Provide
  Arbitrary<String> operation() {
    return Arbitraries.of("CREATE", "UPDATE", "DELETE", "CONNECT", "");
  }

  @Provide
  Arbitrary<JsonElement> json() {
    Arbitrary<JsonElement> scalars =
        Arbitraries.oneOf(
            Arbitraries.just(JsonNull.INSTANCE),
            Arbitraries.of(true, false).map(JsonPrimitive::new),
            Arbitraries.bigDecimals().map(JsonPrimitive::new),
            Arbitraries.just(new JsonPrimitive(new BigDecimal("1e999999999"))),
            Arbitraries.of("", "0", "-1h", "4Gi ", "1e9999999999", "\u0000", "💻@💻.💻 ")
                .map(JsonPrimitive::new));
    return Arbitraries.lazyOf(
        () -> scalars,
        () ->
            scalars
                .list()
                .ofMaxSize(3)
                .map(items -> {
                  JsonArray array = new JsonArray();
                  items.forEach(array::add);
                  return array;
                }),
        () ->
            Arbitraries.maps(
                    Arbitraries.of(
                        "user",
                        "template",
                        "gpu",
                        "memory",
                        "size",
                        "enabled",
                        "annotations",
                        "name",
                        "resources",
                        "persistence",
                        "deletionTimestamp",
                        "labels"),
                    json())
                .ofMaxSize(4)
                .map(entries -> {
                  JsonObject object = new JsonObject();
                  entries.forEach(object::add);
                  return object;
                }));
  }
}
