package io.vdi.operator.admission.validation;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.model.VdiTemplate;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** For any content of an object: no exception, and no accidental allow. */
class SessionAdmissionProperties {
  private static final Requests.Cluster CLUSTER =
      Requests.cluster("{image: x, timeout: 2h, resources: {defaultGPU: 1, maxGPU: 2}}");

  /** Without a limit, a few seeds generate objects for minutes. */
  private static final int MAX_DEPTH = 4;

  private static final List<String> FIELDS =
      List.of(
          "user",
          "template",
          "resources",
          "persistence",
          "timeout",
          "idleTimeout",
          "suspended",
          "shares");

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
      CLUSTER.mutate(request);
      CLUSTER.validate(request, Requests.POLICY);
    }
  }

  @Property
  void aSessionIsAllowedOnlyIfEachFieldIsLegal(
      @ForAll("field") String field, @ForAll("json") JsonElement value) {
    JsonObject session = Requests.session("{user: 'alice@example.com', template: t}");
    session.getAsJsonObject("spec").add(field, value);
    Verdict verdict = CLUSTER.validate(Requests.create(session, Requests.ADMIN), Requests.POLICY);
    boolean legal =
        switch (field) {
          case "user" -> false;
          // A session of a missing template waits.
          case "template" ->
              value instanceof JsonPrimitive p
                  && p.isString()
                  && SessionRules.isTemplateName(p.getAsString());
          case "resources", "persistence" -> value.isJsonNull() || value.isJsonObject();
          case "suspended" ->
              value.isJsonNull() || (value instanceof JsonPrimitive p && p.isBoolean());
          case "shares" ->
              value.isJsonNull() || (value instanceof JsonArray list && list.isEmpty());
          default -> value.isJsonNull();
        };
    if (!legal) {
      assertThat(verdict)
          .as("%s: %s", field, value)
          .isInstanceOfSatisfying(
              Response.Deny.class, deny -> assertThat(deny.reason().code()).isEqualTo(422));
    }
  }

  @Property
  void aSecondPatchIsEmpty(
      @ForAll("field") String field, @ForAll("json") JsonElement value, @ForAll boolean changed) {
    JsonObject session = Requests.session("{user: 'alice@example.com', template: t}");
    session.getAsJsonObject("spec").add(field, value);
    JsonObject old =
        Requests.session(
            "{user: 'alice@example.com', template: t, timeout: 3h, resources: {gpu: 1}}");
    Patches.apply(session, patch(session, old, changed));
    assertThat(patch(session, old, changed)).as("%s", session).isEmpty();
  }

  /** The claim is read whenever the rule depends on it. */
  @Property
  void noSizeIsLoweredWithoutAskingForTheClaim(
      @ForAll("size") String before, @ForAll("size") String now, @ForAll("size") String standard) {
    RawObject old = new RawObject(sized(before));
    RawObject changed = new RawObject(sized(now));
    Optional<VdiTemplate> template =
        Optional.of(Requests.cluster("{image: x, persistence: " + home(standard) + "}").template());
    PersistentVolumeClaim claim =
        new PersistentVolumeClaim(
            null, null, new PersistentVolumeClaim.Status("Bound", Map.of("storage", "1Ei")));
    boolean lowered =
        HomeSizeRule.violation(
                old.session().orElseThrow().spec(),
                changed.session().orElseThrow().spec(),
                template,
                Optional.of(claim))
            .isPresent();
    if (lowered) {
      assertThat(HomeSizeRule.mayLower(old, changed)).isTrue();
    }
  }

  private static JsonObject sized(String size) {
    return Requests.session("{user: 'a@b.cc', template: t, persistence: " + home(size) + "}");
  }

  private static String home(String size) {
    return size.isEmpty() ? "{}" : "{size: '" + size + "'}";
  }

  @Provide
  Arbitrary<String> size() {
    return Arbitraries.of("", "1Gi", "1024Mi", "1G", "10Gi", "5Gi", "20Gi", "none", "0");
  }

  private static JsonArray patch(JsonObject session, JsonObject old, boolean changed) {
    AdmissionRequest request =
        changed ? Requests.update(session, old) : Requests.create(session, Requests.ADMIN);
    return switch (CLUSTER.mutate(request)) {
      case Response.Allow allow -> allow.patch();
      case Response.Deny deny -> throw new AssertionError(deny);
    };
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
    return json(MAX_DEPTH);
  }

  private static Arbitrary<JsonElement> json(int depth) {
    Arbitrary<JsonElement> scalars =
        Arbitraries.oneOf(
            Arbitraries.just(JsonNull.INSTANCE),
            Arbitraries.of(true, false).map(JsonPrimitive::new),
            Arbitraries.bigDecimals().map(JsonPrimitive::new),
            Arbitraries.just(new JsonPrimitive(new BigDecimal("1e999999999"))),
            Arbitraries.of("", "0", "-1h", "4Gi ", "1e9999999999", "\u0000", "💻@💻.💻 ")
                .map(JsonPrimitive::new));
    if (depth == 0) {
      return scalars;
    }
    return Arbitraries.oneOf(
        scalars,
        scalars
            .list()
            .ofMaxSize(3)
            .map(items -> {
              JsonArray array = new JsonArray();
              items.forEach(array::add);
              return array;
            }),
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
                json(depth - 1))
            .ofMaxSize(4)
            .map(entries -> {
              JsonObject object = new JsonObject();
              entries.forEach(object::add);
              return object;
            }));
  }
}
