package io.vdi.operator.controller.session.resources;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.Hashes;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.ResourceType;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;

/** One object as it should be. Two are equal if kind, type, name and hash are equal. */
public final class DesiredObject {
  private record Contents(JsonObject body, JsonObject patch) {}

  private final ChildKind kind;
  private final ResourceType<?> type;
  private final String name;
  private final String hash;
  private final Supplier<Contents> contents;

  private DesiredObject(
      ChildKind kind, ResourceType<?> type, String name, String hash, Supplier<Contents> contents) {
    this.kind = kind;
    this.type = type;
    this.name = name;
    this.hash = hash;
    this.contents = contents;
  }

  /** Computes the hash and adds it to body and patch as an annotation. */
  static DesiredObject of(
      ChildKind kind, ResourceType<?> type, String name, JsonObject body, JsonObject patch) {
    DesiredObject desired = unchangeable(kind, type, name, body, patch);
    annotate(patch, desired.hash);
    return desired;
  }

  /**
   * The same for an object whose spec cannot change: a patch leaves the hash annotation as it was
   * at the creation.
   */
  static DesiredObject unchangeable(
      ChildKind kind, ResourceType<?> type, String name, JsonObject body, JsonObject patch) {
    String hash = hashOf(body);
    JsonObject withoutNulls = withoutNulls(body);
    annotate(withoutNulls, hash);
    Contents contents = new Contents(withoutNulls, patch);
    return new DesiredObject(kind, type, name, hash, () -> contents);
  }

  /** An object whose hash is known; body and patch are built when they are read. */
  public static DesiredObject remembered(
      ChildKind kind,
      ResourceType<?> type,
      String name,
      String hash,
      Supplier<DesiredObject> build) {
    return new DesiredObject(kind, type, name, hash, () -> build.get().contents.get());
  }

  public ChildKind kind() {
    return kind;
  }

  public ResourceType<?> type() {
    return type;
  }

  public String name() {
    return name;
  }

  /** If the existing object has the same hash, no write is needed. */
  public String hash() {
    return hash;
  }

  /** The body of a POST. */
  public JsonObject body() {
    return contents.get().body();
  }

  /**
   * A JSON merge patch with every field that can change after the creation, and null for fields
   * that must be absent. Server-side apply would keep fields that the creation set, because the API
   * server treats creation and apply as two field owners.
   */
  public JsonObject patch() {
    return contents.get().patch();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof DesiredObject that
        && kind == that.kind
        && type.equals(that.type)
        && name.equals(that.name)
        && hash.equals(that.hash);
  }

  @Override
  public int hashCode() {
    return Objects.hash(kind, type, name, hash);
  }

  @Override
  public String toString() {
    return type.kind() + " " + name;
  }

  /**
   * Without the marks by which an object is recognised, because they do not change what it does,
   * without the size of a home, which is changed separately, and without the cluster IP of a
   * Service, which cannot change.
   */
  private static String hashOf(JsonObject body) {
    JsonObject hashed = inOrder(body).getAsJsonObject();
    JsonObject annotations = hashed.getAsJsonObject("metadata").getAsJsonObject("annotations");
    annotations.remove(Annotations.SESSION_UID);
    annotations.remove(Annotations.RECLAIM_POLICY);
    hashed.getAsJsonObject("metadata").getAsJsonObject("labels").remove(Labels.TEMPLATE);
    if (hashed.get("kind").getAsString().equals(ResourceType.PERSISTENT_VOLUME_CLAIM.kind())) {
      hashed.getAsJsonObject("spec").remove("resources");
    }
    if (hashed.get("kind").getAsString().equals(ResourceType.SERVICE.kind())) {
      hashed.getAsJsonObject("spec").remove("clusterIP");
    }
    return Hashes.sha256(hashed.toString(), 16);
  }

  /** Map.of has another order in every JVM; the hash must be the same after a restart. */
  static JsonElement inOrder(JsonElement element) {
    return switch (element) {
      case JsonObject object -> {
        JsonObject sorted = new JsonObject();
        object.entrySet().stream()
            .sorted(Map.Entry.comparingByKey())
            .forEach(entry -> sorted.add(entry.getKey(), inOrder(entry.getValue())));
        yield sorted;
      }
      case JsonArray array -> {
        JsonArray sameOrder = new JsonArray();
        array.forEach(each -> sameOrder.add(inOrder(each)));
        yield sameOrder;
      }
      default -> element;
    };
  }

  /** Whether the existing object has the hash of this one. */
  public boolean matches(ObjectMeta existing) {
    return existing.annotation(Annotations.DESIRED_HASH).filter(hash::equals).isPresent();
  }

  private static void annotate(JsonObject object, String hash) {
    object
        .getAsJsonObject("metadata")
        .getAsJsonObject("annotations")
        .addProperty(Annotations.DESIRED_HASH, hash);
  }

  private static JsonObject withoutNulls(JsonObject object) {
    JsonObject result = new JsonObject();
    for (Map.Entry<String, JsonElement> entry : object.entrySet()) {
      JsonElement value = entry.getValue();
      if (value instanceof JsonObject nested) {
        result.add(entry.getKey(), withoutNulls(nested));
      } else if (!(value instanceof JsonNull)) {
        result.add(entry.getKey(), value.deepCopy());
      }
    }
    return result;
  }
}
