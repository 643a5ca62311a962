package io.vdi.operator.admission.validation;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonPrimitive;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.VdiSession;
import java.util.List;
import java.util.Optional;

/**
 * An object as the client sent it, in which every field can have any type. A field of the wrong
 * type reads as absent here; {@link SessionRules} and {@link TemplateRules} report it.
 */
record RawObject(JsonObject json) {
  /** The owner references of an object that has none. */
  static final JsonArray NO_OWNERS = new JsonArray();

  /** The API server changes these with each write, whoever writes what. */
  private static final List<String> VERSION_FIELDS = List.of("resourceVersion", "generation");

  JsonObject metadata() {
    return section(json, "metadata");
  }

  JsonObject annotations() {
    return section(metadata(), "annotations");
  }

  JsonObject labels() {
    return section(metadata(), "labels");
  }

  JsonObject spec() {
    return section(json, "spec");
  }

  /** Empty if the object has none. */
  JsonElement ownerReferences() {
    JsonElement owners = metadata().get("ownerReferences");
    return owners == null || owners.isJsonNull() ? NO_OWNERS : owners;
  }

  /**
   * Whether an update changes anything: the spec, or any metadata, such as labels, finalizers, or
   * the field managers of server-side apply.
   */
  boolean differsFrom(RawObject old) {
    return !spec().equals(old.spec()) || !writable().equals(old.writable());
  }

  private JsonObject writable() {
    JsonObject metadata = metadata().deepCopy();
    VERSION_FIELDS.forEach(metadata::remove);
    return metadata;
  }

  /** The name; empty if there is none. */
  String name() {
    return string(metadata(), "name").orElse("");
  }

  /**
   * Whether the API server has generated the name, or is still to do so. If it is taken, another
   * one is generated for the same request.
   */
  boolean isNameGenerated() {
    return name().isEmpty()
        || string(metadata(), "generateName")
            .filter(prefix -> !prefix.isEmpty() && name().startsWith(prefix))
            .isPresent();
  }

  /**
   * Whether the object is being deleted. Ask the old object of an update: the mutating webhook gets
   * the new one as the client sent it, before the API server restores its deletionTimestamp.
   */
  boolean isDeleting() {
    return metadata().has("deletionTimestamp");
  }

  Optional<String> annotation(String key) {
    return string(annotations(), key);
  }

  /**
   * Whether the session was created before its template and has not started since; see {@link
   * Annotations#UNCHECKED}. The controller checks it before it starts.
   */
  boolean isUnchecked() {
    JsonObject status = section(json, "status");
    return annotations().has(Annotations.UNCHECKED)
        && !status.has("startTime")
        && string(status, "podName").filter(pod -> !pod.isEmpty()).isEmpty();
  }

  /** The template that a session names. */
  Optional<String> template() {
    return string(spec(), "template");
  }

  /** The size of a session's home; empty if the session leaves it out. */
  Optional<String> homeSize() {
    return string(section(spec(), "persistence"), "size");
  }

  /** The user that a session names; empty if there is none. */
  String user() {
    return spec().get("user") instanceof JsonPrimitive p ? p.getAsString() : "";
  }

  /** The session; empty if a field has a type that the model cannot represent. */
  Optional<VdiSession> session() {
    try {
      JsonObject readable = json;
      if (spec().has("suspended") && spec().get("suspended").isJsonNull()) {
        // Null means absent, but the boolean component of a record cannot be null.
        readable = json.deepCopy();
        readable.getAsJsonObject("spec").remove("suspended");
      }
      return Optional.of(KubeGson.gson().fromJson(readable, VdiSession.class));
    } catch (JsonParseException | NumberFormatException e) {
      return Optional.empty();
    }
  }

  private static Optional<String> string(JsonObject parent, String field) {
    return parent.get(field) instanceof JsonPrimitive p && p.isString()
        ? Optional.of(p.getAsString())
        : Optional.empty();
  }

  private static JsonObject section(JsonObject parent, String field) {
    return parent.get(field) instanceof JsonObject child ? child : new JsonObject();
  }
}
