package io.vdi.operator.admission.validation;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Share;
import io.vdi.operator.common.model.ShareRole;
import io.vdi.operator.common.model.VdiTemplate;
import java.util.List;
import java.util.Optional;

/**
 * The JSON patch that the mutating webhook applies to a session: the defaults of fields that quotas
 * and billing depend on, the creator, its recorded groups and the reservation ID. Other defaults
 * stay out of the object, so that a change of the template reaches the session. The patch contains
 * only what is missing, so that applying the same manifest twice changes nothing.
 */
final class DefaultingPatch {
  private final RawObject session;
  private final JsonArray operations = new JsonArray();

  private DefaultingPatch(RawObject session) {
    this.session = session;
  }

  /** For a new session: fields that it leaves out get the values of the template. */
  static JsonArray forCreate(
      RawObject session,
      Optional<VdiTemplate> template,
      String createdBy,
      String reservationId,
      Optional<String> groups) {
    DefaultingPatch patch = new DefaultingPatch(session);
    patch.annotate(Annotations.CREATED_BY, Optional.of(createdBy));
    patch.annotate(Annotations.RESERVATION, Optional.of(reservationId));
    patch.annotate(
        Annotations.UNCHECKED, template.isPresent() ? Optional.empty() : Optional.of("true"));
    patch.annotate(Annotations.GROUPS, groups);
    // Without the template there are no defaults yet; a later change of the session adds them.
    template.ifPresent(found -> patch.fill(SessionDefaults.of(found.spec())));
    patch.fillRoles();
    return patch.operations;
  }

  /**
   * For a changed session: fields that the new object leaves out return to the defaults of the
   * template, or keep their values if the template does not exist. The creator and the storage
   * class cannot be changed, so they are kept if they are left out.
   *
   * @param reservationId of this request, if it requests more than the session already has
   */
  static JsonArray forUpdate(
      RawObject session,
      RawObject old,
      Optional<VdiTemplate> template,
      Optional<String> reservationId) {
    DefaultingPatch patch = new DefaultingPatch(session);
    patch.annotate(Annotations.CREATED_BY, old.annotation(Annotations.CREATED_BY));
    patch.annotate(
        Annotations.RESERVATION, reservationId.or(() -> old.annotation(Annotations.RESERVATION)));
    patch.annotate(
        Annotations.UNCHECKED,
        old.annotation(Annotations.UNCHECKED).filter(unchecked -> template.isEmpty()));
    // Otherwise a user could not replace the session with a manifest.
    for (String kept :
        List.of(
            Annotations.SCHEDULE_APPLIED,
            Annotations.SUSPENDED_BY,
            Annotations.SUSPENDED_AT,
            Annotations.GROUPS)) {
      patch.annotate(kept, session.annotation(kept).or(() -> old.annotation(kept)));
    }
    JsonObject defaults =
        template
            .map(found -> SessionDefaults.of(found.spec()))
            .orElseGet(() -> SessionDefaults.frozen(old.spec()));
    patch.fill(SessionDefaults.withStorageClass(defaults, old.spec()));
    patch.fillRoles();
    return patch.operations;
  }

  private void fill(JsonObject defaults) {
    if (!(session.json().get("spec") instanceof JsonObject spec)) {
      // The schema of the CRD refuses this with a better message.
      return;
    }
    for (String field : List.of("resources", "persistence", "timeout")) {
      JsonElement standard = defaults.get(field);
      if (standard == null) {
        continue;
      }
      JsonElement given = spec.get(field);
      if (isAbsent(given)) {
        add("/spec/" + field, applicable(field, standard, new JsonObject()));
      } else if (given instanceof JsonObject section && standard.isJsonObject()) {
        applicable(field, standard, section)
            .getAsJsonObject()
            .asMap()
            .forEach((key, value) -> {
              if (isAbsent(section.get(key))) {
                add("/spec/" + field + "/" + key, value);
              }
            });
      }
    }
  }

  /** A guest only watches unless the owner says otherwise. */
  private void fillRoles() {
    JsonArray shares =
        session.spec().get(ShareRules.FIELD) instanceof JsonArray list ? list : new JsonArray();
    for (int i = 0; i < Math.min(shares.size(), Share.MAX_SHARES); i++) {
      if (shares.get(i) instanceof JsonObject share && isAbsent(share.get("role"))) {
        add(
            "/spec/" + ShareRules.FIELD + "/" + i + "/role",
            new JsonPrimitive(ShareRole.VIEW.text()));
      }
    }
  }

  /** The defaults without the size of the home, if the session has none. */
  private static JsonElement applicable(String field, JsonElement standard, JsonObject given) {
    boolean noHome =
        field.equals("persistence") && new JsonPrimitive(false).equals(given.get("enabled"));
    if (!noHome) {
      return standard;
    }
    JsonObject remaining = standard.getAsJsonObject().deepCopy();
    remaining.remove("size");
    return remaining;
  }

  private void annotate(String key, Optional<String> value) {
    String path = "/metadata/annotations/" + key.replace("~", "~0").replace("/", "~1");
    if (value.equals(session.annotation(key))) {
      return;
    }
    if (value.isEmpty()) {
      operation("remove", path);
    } else if (isAbsent(session.metadata().get("annotations")) && operations.isEmpty()) {
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
    operations.add(operation);
    return operation;
  }

  private static boolean isAbsent(JsonElement value) {
    return value == null || value.isJsonNull();
  }
}
