package io.vdi.operator.admission.validation;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.VdiTemplate;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What the mutating webhook adds to a session: what was left open, and who made it. The patch names
 * only what is missing, so that a second run finds nothing to do.
 */
final class DefaultingPatch {
  private static final Set<String> DELETED_WITH_THE_HOME =
      Set.of("size", "storageClassName", "reclaimPolicy");

  private final JsonObject session;
  private final JsonArray patch = new JsonArray();

  private DefaultingPatch(JsonObject session) {
    this.session = session;
  }

  /** A new session: what it leaves open is the template's and the operator's to say. */
  static JsonArray ofNew(
      JsonObject session, Optional<VdiTemplate> template, String createdBy, String reservation) {
    DefaultingPatch mutation = new DefaultingPatch(session);
    mutation.annotate(Annotations.CREATED_BY, Optional.of(createdBy));
    mutation.annotate(Annotations.RESERVATION, Optional.of(reservation));
    // Without the template nobody knows; the validating webhook refuses that session anyway.
    template.ifPresent(found -> mutation.fill(SessionDefaults.of(found.spec())));
    return mutation.patch;
  }

  /**
   * A changed session: what the change leaves out stays as it was, whatever has become of the
   * template since; what says who made it cannot be changed.
   *
   * @param reservation where the change asks for more than there was
   */
  static JsonArray ofChanged(JsonObject session, JsonObject before, Optional<String> reservation) {
    DefaultingPatch mutation = new DefaultingPatch(session);
    mutation.annotate(Annotations.CREATED_BY, annotation(before, Annotations.CREATED_BY));
    mutation.annotate(
        Annotations.RESERVATION, reservation.or(() -> annotation(before, Annotations.RESERVATION)));
    mutation.fill(object(before, "spec"));
    return mutation.patch;
  }

  private void fill(JsonObject defaults) {
    JsonElement spec = session.get("spec");
    if (spec == null || !spec.isJsonObject()) {
      // The schema's words are the right ones for that.
      return;
    }
    for (String field : List.of("resources", "persistence", "timeout", "idleTimeout")) {
      JsonElement wanted = defaults.get(field);
      if (wanted == null) {
        continue;
      }
      JsonElement given = spec.getAsJsonObject().get(field);
      if (isAbsent(given)) {
        add("/spec/" + field, wanted(field, wanted, new JsonObject()));
      } else if (given.isJsonObject() && wanted.isJsonObject()) {
        wanted(field, wanted, given.getAsJsonObject())
            .getAsJsonObject()
            .asMap()
            .forEach((key, value) -> {
              if (isAbsent(given.getAsJsonObject().get(key))) {
                add("/spec/" + field + "/" + key, value);
              }
            });
      }
    }
  }

  /** No size for a home that is not wanted. */
  private static JsonElement wanted(String field, JsonElement wanted, JsonObject given) {
    boolean noHome =
        field.equals("persistence") && new JsonPrimitive(false).equals(given.get("enabled"));
    if (!noHome) {
      return wanted;
    }
    JsonObject rest = wanted.getAsJsonObject().deepCopy();
    DELETED_WITH_THE_HOME.forEach(rest::remove);
    return rest;
  }

  private void annotate(String key, Optional<String> value) {
    JsonObject metadata = object(session, "metadata");
    JsonElement annotations = metadata.get("annotations");
    String path = "/metadata/annotations/" + key.replace("~", "~0").replace("/", "~1");
    if (value.equals(annotation(session, key))) {
      return;
    }
    if (value.isEmpty()) {
      operation("remove", path);
    } else if (isAbsent(annotations) && patch.isEmpty()) {
      JsonObject first = new JsonObject();
      first.addProperty(key, value.get());
      add("/metadata/annotations", first);
    } else {
      add(path, new JsonPrimitive(value.get()));
    }
  }

  private void add(String path, JsonElement value) {
    operation("add", path).add("value", value);
  }

  private JsonObject operation(String op, String path) {
    JsonObject operation = new JsonObject();
    operation.addProperty("op", op);
    operation.addProperty("path", path);
    patch.add(operation);
    return operation;
  }

  static Optional<String> annotation(JsonObject object, String key) {
    return Optional.ofNullable(object(object(object, "metadata"), "annotations").get(key))
        .filter(value -> value instanceof JsonPrimitive p && p.isString())
        .map(JsonElement::getAsString);
  }

  /** The object in this field; an empty one where there is none. */
  static JsonObject object(JsonObject parent, String field) {
    return parent.get(field) instanceof JsonObject child ? child : new JsonObject();
  }

  private static boolean isAbsent(JsonElement value) {
    return value == null || value.isJsonNull();
  }
}
